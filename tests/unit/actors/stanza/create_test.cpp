// stanza-create on a repository in memory.
// SPDX-License-Identifier: MIT
#include "actors/stanza/create.hpp"
#include "engine/format/repository_path.hpp"
#include "tests/unit/storage/faulty_memory.hpp"
#include "tests/unit/storage/power_cut.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pgbraid;

namespace {

postgres::control_file cluster(uint64_t system_id = 77) {
  postgres::control_file out{};
  out.system_id = system_id;
  out.version = 150000;
  out.catalog_version = 202209061;
  out.control_version = 1300;
  return out;
}

const std::string archive = format::archive_info_path("demo");
const std::string backup = format::backup_info_path("demo");

struct rig {
  test::faulty_memory files;
  repository repo{files, {.key = 1, .stanza = "demo"}};

  errc code(const postgres::control_file& of = cluster()) {
    const auto done = create_stanza(repo, of);
    return done ? errc{} : done.failure().code;
  }
};

} // namespace

TEST_CASE_FIXTURE(rig, "stanza create: both files and their copies, once") {
  REQUIRE(create_stanza(repo, cluster()));
  for (const auto& path : {archive, backup}) {
    REQUIRE(files.content(path));
    CHECK(files.content(path + ".copy") == files.content(path));
  }
  CHECK(format::archive_id(repo.load_archive_info()->current()) == "15-1");
  CHECK(repo.load_backup_info()->current().catalog_version == 202209061);
  const auto before = files.content(archive);
  REQUIRE(create_stanza(repo, cluster()));
  CHECK(files.content(archive) == before);
}

TEST_CASE("stanza create: an encrypted repository gets passphrases of its own") {
  test::faulty_memory files;
  repository repo(files, {.key = 1,
                          .stanza = "demo",
                          .cipher = cipher_type::aes_256_cbc,
                          .passphrase = secret("pass")});
  REQUIRE(create_stanza(repo, cluster()));
  const auto archive_pass = repo.load_archive_info()->cipher_pass;
  const auto backup_pass = repo.load_backup_info()->cipher_pass;
  CHECK(archive_pass.view().size() > 40);
  CHECK(backup_pass.view().size() > 40);
  CHECK(archive_pass.view() != backup_pass.view());
}

TEST_CASE_FIXTURE(rig, "stanza create: what is missing of a pair is written again") {
  REQUIRE(create_stanza(repo, cluster()));
  const auto whole = files.content(backup);
  SUBCASE("the copy") {
    REQUIRE(files.remove_file(backup + ".copy"));
  }
  SUBCASE("the file itself") {
    REQUIRE(files.remove_file(backup));
  }
  REQUIRE(create_stanza(repo, cluster()));
  CHECK(files.content(backup) == whole);
  CHECK(files.content(backup + ".copy") == whole);
}

TEST_CASE_FIXTURE(rig, "stanza create: refusals change nothing") {
  SUBCASE("another cluster") {
    REQUIRE(create_stanza(repo, cluster()));
    const auto before = files.used_bytes();
    CHECK(code(cluster(78)) == errc::file_invalid);
    CHECK(files.used_bytes() == before);
  }
  SUBCASE("one info file without the other") {
    REQUIRE(create_stanza(repo, cluster()));
    REQUIRE(files.remove_file(backup));
    REQUIRE(files.remove_file(backup + ".copy"));
    const auto before = files.used_bytes();
    CHECK(code() == errc::file_missing);
    CHECK(files.used_bytes() == before);
  }
  SUBCASE("somebody's files") {
    REQUIRE(write_all(files, format::backup_path("demo") + "/20261101-120000F/x", "x"));
    CHECK(code() == errc::path_not_empty);
    CHECK(files.used_bytes() == 1);
  }
}

TEST_CASE("stanza create: cut off at any write, the next one succeeds") {
  for (unsigned cut = 1;; ++cut) {
    CAPTURE(cut);
    rig one;
    bool finished = false;
    {
      const test::power_cut power(one.files, cut);
      finished = create_stanza(one.repo, cluster()) && !power.happened();
    }
    const auto next = create_stanza(one.repo, cluster());
    // archive.info alone tells that something is missing, and what.
    if (!next)
      CHECK(next.failure().code == errc::file_missing);
    if (finished)
      break;
  }
}
