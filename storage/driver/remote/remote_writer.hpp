// Writing one file of another host.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/remote_host.hpp"
#include "storage/wire/wire.hpp"

namespace pgbraid::remote {

/// One stream over a data connection; it fails with the connection. It fails with the main one too:
/// that holds the locks without which nothing may be published. The other host syncs and publishes
/// when the stream ends, and says so in the trailer. Destroyed before that, the stream is
/// cancelled, and the destructor waits (some seconds at most) until the other host has removed the
/// temporary name.
class remote_writer final : public io::writer {
public:
  /// Fails as the other host's storage does when it cannot open the file.
  static result<std::unique_ptr<io::writer>> open(std::shared_ptr<link::remote_host> on,
                                                  const wire::write_request& what,
                                                  wire::content as = wire::content::as_stored);
  ~remote_writer() override;

  result<void> write(byte_view in) override;
  result<void> begin_commit() override;
  result<bool> committed(bool wait) override;

private:
  remote_writer(std::shared_ptr<link::remote_host> on, std::shared_ptr<link::client_link> over,
                std::unique_ptr<link::call> opened, bool has_temporary_name);

  std::shared_ptr<link::remote_host> on_;
  std::shared_ptr<link::client_link> link_;
  std::unique_ptr<link::call> call_;
  bool has_temporary_name_;
  bool settled_ = false; ///< the other host has answered, one way or the other
  bool done_ = false;
};

} // namespace pgbraid::remote
