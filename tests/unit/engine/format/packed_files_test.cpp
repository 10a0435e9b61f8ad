// Packed files say what the files of the manifest say.
// SPDX-License-Identifier: MIT
#include "engine/format/manifest_equality.hpp"
#include "engine/format/packed_files.hpp"
#include "tests/unit/engine/format/any_content.hpp"
#include "tests/unit/property.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace pgbraid;
using namespace pgbraid::format;
using pgbraid::format_test::any;

namespace {

/// Also what `is_same` does not look at.
bool is_equal(const manifest& of, const manifest_file& a, const manifest_file& b) {
  return is_same(of, a, of, b) && a.has_checksum == b.has_checksum &&
         a.has_repo_size == b.has_repo_size && a.reference == b.reference && *a.rare == *b.rare;
}

bool says_the_same(const packed_files& packed, const manifest& of) {
  packed_files::reader from(packed);
  for (const auto& file : of.files)
    if (const auto* read = from.next(); read == nullptr || !is_equal(of, file, *read))
      return false;
  return from.next() == nullptr && from.next() == nullptr;
}

} // namespace

TEST_CASE("packed files: all that a file may have comes back") {
  test::for_all([] {
    any from(*rc::gen::arbitrary<unsigned>());
    auto of = from.whole_manifest();
    for (auto& file : of.files) {
      if (*rc::gen::inRange(0, 3) == 0) {
        auto rare = *file.rare;
        rare.block_size_bytes = *rc::gen::element(0U, 8192U, 1U << 30);
        rare.block_map_size_bytes = *rc::gen::element<uint64_t>(0, 1, uint64_t{1} << 62);
        rare.block_checksum_bytes = *rc::gen::element<uint8_t>(6, 1, 16);
        of.set_rare(file, rare);
      }
      if (*rc::gen::inRange(0, 4) == 0)
        file.mtime_s = std::numeric_limits<int64_t>::min();
      file.has_master = *rc::gen::arbitrary<bool>();
      file.master = *rc::gen::arbitrary<bool>();
    }
    const packed_files packed(of);
    RC_ASSERT(packed.size() == of.files.size());
    RC_ASSERT(says_the_same(packed, of));
  });
}

TEST_CASE("packed files: many, with names of any length, in several pieces") {
  manifest of;
  for (unsigned i = 0; i < 20000; ++i) {
    manifest_file file{.name = of.keep("pg_data/base/5/" + std::to_string(1000000 + i)),
                       .size_bytes = i};
    if (i % 5000 == 0)
      file.name = of.keep(std::string(file.name) + std::string(i * 20, 'x'));
    file.has_checksum = file.has_repo_checksum = true;
    file.checksum[3] = file.repo_checksum[5] = static_cast<std::byte>(i);
    of.files.push_back(file);
  }
  CHECK(says_the_same(packed_files(of), of));
}

TEST_CASE("packed files: a manifest that drops its files keeps all else") {
  manifest of;
  of.label = "20261121-231250F";
  of.files.push_back({.name = of.keep("pg_data/base/5/1"), .size_bytes = 3});
  of.paths.push_back({.name = of.keep("pg_data"), .mode = 0700});
  of.links.push_back({.name = of.keep("pg_data/pg_wal"), .destination = of.keep("/wal")});
  of.page_errors = {{{1, 2}}};
  of.drop_files();
  CHECK(of.files.empty());
  CHECK(of.paths[0].name == "pg_data");
  CHECK(of.links[0].name == "pg_data/pg_wal");
  CHECK(of.links[0].destination == "/wal");
  CHECK(of.page_errors.size() == 1);
  CHECK(of.keep("pg_data/new") == "pg_data/new");
}
