// Reading one file of another host.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/remote_host.hpp"
#include "storage/driver/remote/read_retry.hpp"
#include "storage/wire/wire.hpp"

namespace pgbraid::remote {

/// One stream over a data connection. When the connection breaks, a stream over a new one goes on
/// where this one was; fails with `file_read` when that is not the same file any more.
class remote_reader final : public io::reader {
public:
  /// Fails as the other host's storage does when it cannot open the file.
  static result<std::unique_ptr<io::reader>> open(std::shared_ptr<link::remote_host> on,
                                                  wire::read_request what,
                                                  wire::content as = wire::content::as_stored);

  result<size_t> read(byte_span out) override;
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override;

private:
  remote_reader(std::shared_ptr<link::remote_host> on, wire::read_request what, wire::content as);
  result<void> connect();
  result<void> connect_once();
  result<size_t> read_piece(byte_span out);

  std::shared_ptr<link::remote_host> on_;
  wire::read_request what_; ///< what is still to come
  const wire::content as_;
  std::shared_ptr<link::client_link> link_;
  std::unique_ptr<link::call> call_;
  std::string version_ = {}; ///< of the file, as the first connection told it
  retry tries_{read_retry};
  bool ended_ = false;
};

} // namespace pgbraid::remote
