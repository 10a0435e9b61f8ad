// A file or directory that a server holds open for us.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/connection.hpp"

namespace pgbraid::sftp {

/// An open handle; closed, without waiting for it, when this goes.
class open_handle {
public:
  open_handle(std::shared_ptr<connection> on, std::string name);
  open_handle(open_handle&&) noexcept = default;
  open_handle& operator=(open_handle&&) = delete;
  ~open_handle();

  connection& on() const { return *on_; }
  const std::shared_ptr<connection>& session() const { return on_; }
  const std::string& name() const { return name_; }
  /// Closes it; the number of the request.
  result<uint32_t> close();

private:
  std::shared_ptr<connection> on_; ///< null once it is closed
  std::string name_;
};

} // namespace pgbraid::sftp
