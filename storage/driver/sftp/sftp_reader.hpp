// Reading one file of an SFTP server, over as many sessions as it takes.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/read_ahead.hpp"
#include "storage/driver/sftp/session_pool.hpp"

namespace pgbraid::sftp {

/// Goes on where it was when its session breaks, if the file is still the one that it was (size and
/// time of change).
class sftp_reader final : public io::reader {
public:
  /// @param full_path  to open it again
  sftp_reader(std::shared_ptr<session_pool> pool, opened_file file, std::string full_path,
              const read_options& options);
  result<size_t> read(byte_span out) override;
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override;

private:
  result<void> reopen(const std::shared_ptr<connection>& on);
  template <class Step> auto step_on(Step step);

  const std::shared_ptr<session_pool> pool_;
  std::shared_ptr<connection> reopening_ = {}; ///< where it is to be opened again, until it is
  const std::string full_path_;
  const attributes about_; ///< as it was when it was opened first
  std::optional<uint64_t> end_ = {};
  std::optional<read_ahead> ahead_;
};

} // namespace pgbraid::sftp
