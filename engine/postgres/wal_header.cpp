// Reading the long header of a WAL segment.
// SPDX-License-Identifier: MIT
#include "engine/postgres/wal_header.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace pgbraid::postgres {

namespace {

constexpr uint16_t long_header_flag = 0x0002;

template <class T> T field(byte_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

} // namespace

result<wal_header> parse_wal_header(byte_view bytes) {
  if (bytes.size() < wal_header_bytes) {
    return error{errc::format, fmt::format("WAL segment has {} bytes but its header needs {}",
                                           bytes.size(), wal_header_bytes)};
  }
  const auto magic = field<uint16_t>(bytes, 0);
  const auto* known = find_release_by_wal_magic(magic);
  if (known == nullptr) {
    return error{errc::version_not_supported, fmt::format("unexpected WAL magic {}", magic),
                 "Is this version of PostgreSQL supported?"};
  }
  if ((field<uint16_t>(bytes, 2) & long_header_flag) == 0)
    return error{errc::format, "first page header in WAL file is expected to be in long format"};
  const wal_header header{
      .version = known->version,
      .timeline = field<uint32_t>(bytes, 4),
      .page_address = field<uint64_t>(bytes, 8),
      .system_id = field<uint64_t>(bytes, 24),
      .segment_bytes = field<uint32_t>(bytes, 32),
      .page_bytes = field<uint32_t>(bytes, 36),
  };
  if (!std::has_single_bit(header.segment_bytes) || header.segment_bytes < (1u << 20) ||
      header.segment_bytes > (1u << 30)) {
    return error{errc::format,
                 fmt::format("WAL segment size is {} but must be a power of two from 1048576 to "
                             "1073741824",
                             header.segment_bytes)};
  }
  return header;
}

} // namespace pgbraid::postgres
