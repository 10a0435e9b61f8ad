// Sharing what is left.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/spare_pieces.hpp"

#include <utility>

namespace pgbraid::sftp {

spare_pieces::part::~part() {
  if (!wants_)
    return;
  const std::lock_guard held(of_->mutex_);
  --of_->parts_;
  of_->left_ += held_;
}

bool spare_pieces::part::hold(size_t pieces) {
  if (pieces == held_)
    return true;
  if (of_ == nullptr)
    return false;
  const std::lock_guard held(of_->mutex_);
  if (!std::exchange(wants_, true))
    ++of_->parts_;
  if (pieces > held_ && (pieces > of_->count_ / of_->parts_ || pieces - held_ > of_->left_))
    return false;
  of_->left_ += held_;
  of_->left_ -= pieces;
  held_ = pieces;
  return true;
}

} // namespace pgbraid::sftp
