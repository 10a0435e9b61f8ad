// Closing, one way or the other.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/open_handle.hpp"

namespace pgbraid::sftp {

open_handle::open_handle(std::shared_ptr<connection> on, std::string name)
    : on_(std::move(on)), name_(std::move(name)) {}

open_handle::~open_handle() {
  if (!on_)
    return;
  const auto on = on_;
  if (auto number = close())
    on->forget(*number);
}

result<uint32_t> open_handle::close() {
  const auto on = std::move(on_);
  return on->send(packet_kind::close, fields().text(name_));
}

} // namespace pgbraid::sftp
