// Reading and changing global/pg_control.
// SPDX-License-Identifier: MIT
#include "engine/postgres/control_file.hpp"

#include "engine/codec/crc32c.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace pgbraid::postgres {

namespace {

constexpr size_t system_id_at = 0;
constexpr size_t control_version_at = 8;
constexpr size_t catalog_version_at = 12;
constexpr size_t checkpoint_at = 32;

// PostgreSQL writes the file as the host keeps it in memory; we support little-endian hosts.
static_assert(std::endian::native == std::endian::little);

template <class T> T field(byte_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <class T> void set_field(byte_span bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

result<const release*> identify(byte_view bytes) {
  if (bytes.size() < control_file_bytes) {
    return error{errc::file_invalid, fmt::format("pg_control has {} bytes but {} are expected",
                                                 bytes.size(), control_file_bytes)};
  }
  const auto control_version = field<uint32_t>(bytes, control_version_at);
  const auto catalog_version = field<uint32_t>(bytes, catalog_version_at);
  if (const auto* known = find_release_by_control(control_version, catalog_version))
    return known;
  return error{errc::version_not_supported,
               fmt::format("unexpected control version = {} and catalog version = {}",
                           control_version, catalog_version),
               "Is this version of PostgreSQL supported?"};
}

uint32_t crc_of(byte_view bytes, const release& known) {
  return codec::crc32c(bytes.first(known.control.crc));
}

bool is_power_between(uint32_t value, uint32_t low, uint32_t high) {
  return std::has_single_bit(value) && value >= low && value <= high;
}

result<void> check_sizes(const control_file& file) {
  if (!is_power_between(file.page_size_bytes, 1024, 32768)) {
    return error{errc::format,
                 fmt::format("page size is {} but must be a power of two from 1024 to 32768",
                             file.page_size_bytes)};
  }
  if (!is_power_between(file.wal_segment_bytes, 1 << 20, 1 << 30)) {
    return error{errc::format, fmt::format("WAL segment size is {} but must be a power of two from "
                                           "1048576 to 1073741824",
                                           file.wal_segment_bytes)};
  }
  if (file.data_checksum_version > 1) {
    return error{errc::format, fmt::format("data checksum version is {} but must be 0 or 1",
                                           file.data_checksum_version)};
  }
  return success();
}

} // namespace

result<control_file> parse_control_file(byte_view bytes) {
  auto known = identify(bytes);
  if (!known)
    return known.failure();
  const auto& release = **known;
  const auto stored = field<uint32_t>(bytes, release.control.crc);
  if (const auto actual = crc_of(bytes, release); actual != stored) {
    return error{errc::checksum,
                 fmt::format("calculated pg_control checksum {:08x} does not match expected {:08x}",
                             actual, stored)};
  }
  const control_file file{
      .version = release.version,
      .control_version = release.control_version,
      .catalog_version = release.catalog_version,
      .system_id = field<uint64_t>(bytes, system_id_at),
      .checkpoint_lsn = field<uint64_t>(bytes, checkpoint_at),
      .timeline = field<uint32_t>(bytes, release.control.timeline),
      .page_size_bytes = field<uint32_t>(bytes, release.control.page_size),
      .wal_segment_bytes = field<uint32_t>(bytes, release.control.wal_segment_size),
      .data_checksum_version = field<uint32_t>(bytes, release.control.data_checksum),
  };
  if (auto sane = check_sizes(file); !sane)
    return sane.failure();
  return file;
}

result<void> invalidate_checkpoint(byte_span bytes) {
  auto known = identify(bytes);
  if (!known)
    return known.failure();
  set_field(bytes, checkpoint_at, invalid_checkpoint);
  set_field(bytes, (*known)->control.crc, crc_of(bytes, **known));
  return success();
}

std::vector<std::byte> padded_control_file(byte_view bytes) {
  std::vector<std::byte> padded(control_file_padded_bytes);
  const auto kept = bytes.first(std::min(bytes.size(), control_file_bytes));
  std::copy(kept.begin(), kept.end(), padded.begin());
  return padded;
}

} // namespace pgbraid::postgres
