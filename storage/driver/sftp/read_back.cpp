// Reading what a server should have.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/read_back.hpp"

#include "engine/codec/crc32c.hpp"
#include "storage/driver/sftp/read_ahead.hpp"

namespace pgbraid::sftp {

result<std::optional<uint32_t>> crc_of_start(const std::shared_ptr<connection>& on,
                                             const std::string& full_path, uint64_t bytes) {
  auto file = open_file(on, full_path);
  if (!file)
    return file.failure();
  read_ahead content(std::move(*file), full_path, 0, bytes);
  std::vector<std::byte> room(piece_bytes);
  uint32_t crc = 0;
  for (uint64_t left = bytes; left > 0;) {
    auto got = content.read_some(room);
    if (!got)
      return got.failure();
    if (*got == 0)
      return std::optional<uint32_t>();
    crc = codec::crc32c(byte_view(room).first(*got), crc);
    left -= *got;
  }
  return std::optional(crc);
}

} // namespace pgbraid::sftp
