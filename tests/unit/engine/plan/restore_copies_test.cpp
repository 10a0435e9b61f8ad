// Which other repository has the same backup, and which of its files are the same.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_copies.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string_view>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;
using namespace pgbraid::plan_test;

namespace {

constexpr auto table = "pg_data/base/5/16385";

format::manifest backup_of(std::string_view content) {
  auto out = sample_backup();
  out.system_id = 77;
  out.archive_start = out.archive_stop = "000000010000000000000003";
  out.lsn_start = "0/3000028";
  out.lsn_stop = "0/3000100";
  auto& file = add_file(out, table, content.size());
  file.checksum.back() = std::byte(content.front());
  for (auto& each : out.files)
    each.has_checksum = true;
  out.sort();
  return out;
}

} // namespace

TEST_CASE("restore copies: one backup has one label, cluster and place in its WAL") {
  const auto one = backup_of("a");
  CHECK(is_same_backup(one, one));
  CHECK(is_same_backup(one, backup_of("what its files hold is asked of each")));
  const auto differs = [&](auto change) {
    auto other = backup_of("a");
    change(other);
    return !is_same_backup(one, other) && !is_same_backup(other, one);
  };
  CHECK(differs([](auto& of) { of.label = "20261121-231251F"; }));
  CHECK(differs([](auto& of) { of.system_id = 78; }));
  CHECK(differs([](auto& of) { of.db_version = "14"; }));
  CHECK(differs([](auto& of) { of.archive_start = "000000020000000000000003"; }));
  CHECK(differs([](auto& of) { of.archive_stop = "000000010000000000000004"; }));
  CHECK(differs([](auto& of) { of.lsn_start = "0/3000029"; }));
  CHECK(differs([](auto& of) { of.lsn_stop = "0/3000101"; }));
}

TEST_CASE("restore copies: a file is the same by name, size and checksum") {
  const auto wanted = backup_of("content");
  const std::vector<const format::manifest_file*> asked = {wanted.find_file(table)};
  const auto found = [&](const format::manifest& in) { return same_files(in, asked); };

  const auto other = backup_of("content");
  REQUIRE(found(other).size() == 1);
  CHECK(found(other)[0] == other.find_file(table)); // as it lies there, not as it lies here
  CHECK(found(backup_of("another")).empty());
  CHECK(found(backup_of("content and more")).empty());
  CHECK(found(sample_backup()).empty());

  auto unsure = backup_of("content");
  unsure.find_file(table)->has_checksum = false;
  CHECK(found(unsure).empty());
}

TEST_CASE("restore copies: those that are there come in the order in which they were asked for") {
  const auto wanted = backup_of("content");
  std::vector<const format::manifest_file*> asked;
  for (const auto& file : wanted.files)
    asked.insert(asked.begin(), &file);
  auto other = backup_of("content");
  const auto first = other.files[0].name;
  other.files.remove_if([&](const auto& one) { return one.name == first; });
  std::vector<std::string_view> names;
  for (const auto* file : same_files(other, asked))
    names.push_back(file->name);
  std::vector<std::string_view> expected;
  for (size_t i = 0; i + 1 < asked.size(); ++i)
    expected.push_back(asked[i]->name);
  CHECK(names == expected);
}

TEST_CASE("restore copies: only what cannot be reached is lost as a whole") {
  for (const auto code : {errc::host_connect, errc::protocol, errc::service})
    CHECK(is_lost_repository({code, "x"}));
  for (const auto code : {errc::checksum, errc::file_missing, errc::format, errc::crypto,
                          errc::file_read, errc::file_open, errc::file_write})
    CHECK_FALSE(is_lost_repository({code, "x"}));
}
