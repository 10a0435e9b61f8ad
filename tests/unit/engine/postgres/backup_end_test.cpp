// The record that ends a backup: those of golden repositories (PostgreSQL 15).
// SPDX-License-Identifier: MIT
#include "engine/postgres/backup_end.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::postgres;

namespace {

struct end_record {
  const char* start;
  const char* stop;
  const char* bytes; ///< the 40 before `stop`
};
constexpr end_record records[] = {
    {"0/900028", "0/900560",
     "2200000000000000d8009000000000005000000084f663b5ff082800900000000000000000000000"},
    {"0/1000028", "0/1000100",
     "220000000000000060000001000000005000000011da49b0ff082800000100000000000000000000"},
    {"0/1700028", "0/1700100",
     "2200000000000000600070010000000050000000cacd3f22ff082800700100000000000000000000"},
};

std::vector<std::byte> bytes_of(const char* hex) {
  std::vector<std::byte> out;
  for (; *hex != '\0'; hex += 2)
    out.push_back(static_cast<std::byte>(std::stoi(std::string(hex, 2), nullptr, 16)));
  return out;
}

} // namespace

TEST_CASE("backup end: records of real backups are those of their start, and of no other") {
  for (const auto& one : records)
    for (const auto& other : records)
      CHECK(is_backup_end(bytes_of(one.bytes), *parse_lsn(other.start)) == (&one == &other));
}

TEST_CASE("backup end: a bit that is another one, or a byte that is missing, makes it none") {
  for (const auto& one : records) {
    const auto start = *parse_lsn(one.start);
    const auto whole = bytes_of(one.bytes);
    for (size_t bit = 0; bit < 34 * 8; ++bit) { // what follows only fills up
      auto bytes = whole;
      bytes[bit / 8] ^= std::byte{1} << (bit % 8);
      CHECK_FALSE(is_backup_end(bytes, start));
    }
    CHECK_FALSE(is_backup_end(byte_view(whole).first(39), start));
  }
}

TEST_CASE("backup end: it lies before the stop, unless the end of a page divides it") {
  for (const auto& one : records)
    CHECK(backup_end_location(*parse_lsn(one.stop)) == *parse_lsn(one.stop) - 40);
  CHECK(backup_end_location(0x902000) == 0x901fd8); // it fills the page
  CHECK_FALSE(backup_end_location(0x902008));
  CHECK_FALSE(backup_end_location(0x902040)); // behind the header of the next one
  CHECK(backup_end_location(0x902050) == 0x902028);
  CHECK_FALSE(backup_end_location(39));
}
