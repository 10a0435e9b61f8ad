// The record that ends a backup in the WAL.
// SPDX-License-Identifier: MIT
#include "engine/postgres/backup_end.hpp"

#include "engine/codec/crc32c.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace pgbraid::postgres {

namespace {

constexpr uint64_t page_bytes = 8192;
/// Of the first page of a segment; others have a shorter one.
constexpr uint64_t page_header_bytes = 40;

// The record: length (4), transaction (4), the record before it (8), kind (1), manager (1), 2 of
// nothing, CRC (4); then its data: how it is kept (1), length (1), where the backup began (8).
constexpr uint32_t record_bytes = 34;
constexpr size_t kind_offset = 16;
constexpr size_t crc_offset = 20;
constexpr size_t data_offset = 24;
constexpr size_t start_offset = 26;
constexpr std::byte kind_of_backup_end{0x50};
constexpr std::byte manager_of_wal{0};
constexpr std::byte short_data{0xff};
constexpr std::byte start_bytes{sizeof(lsn)};

template <class T> T number_at(byte_view bytes, size_t offset) {
  T out{};
  std::memcpy(&out, bytes.data() + offset, sizeof out);
  return out;
}

} // namespace

std::optional<lsn> backup_end_location(lsn stop) {
  if (stop < backup_end_bytes)
    return {};
  const auto begin = stop - backup_end_bytes;
  if (begin / page_bytes != (stop - 1) / page_bytes || begin % page_bytes < page_header_bytes)
    return {};
  return begin;
}

bool is_backup_end(byte_view record, lsn start) {
  if (record.size() < backup_end_bytes || number_at<uint32_t>(record, 0) != record_bytes ||
      record[kind_offset] != kind_of_backup_end || record[kind_offset + 1] != manager_of_wal ||
      record[data_offset] != short_data || record[data_offset + 1] != start_bytes ||
      number_at<lsn>(record, start_offset) != start)
    return false;
  std::array<std::byte, record_bytes - sizeof(uint32_t)> summed{}; // the data comes first
  constexpr auto data_bytes = record_bytes - data_offset;
  std::memcpy(summed.data(), record.data() + data_offset, data_bytes);
  std::memcpy(summed.data() + data_bytes, record.data(), crc_offset);
  return codec::crc32c(summed) == number_at<uint32_t>(record, crc_offset);
}

} // namespace pgbraid::postgres
