// Sharing what is left.
// SPDX-License-Identifier: MIT
#include "engine/buffer/piece_budget.hpp"

#include <utility>

namespace pgbraid {

piece_budget::part::~part() {
  if (!wants_)
    return;
  const std::lock_guard held(of_->mutex_);
  --of_->parts_;
  of_->left_ += held_;
}

bool piece_budget::part::hold(size_t pieces) {
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

} // namespace pgbraid
