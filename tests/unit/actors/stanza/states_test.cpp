// stanza-create wherever it may come: each of the four files there or not, whole or not, and whose.
// Rules: cli/command/README.md, section 2; engine/format/README.md, section 5.
// SPDX-License-Identifier: MIT
#include "actors/stanza/create.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/driver/memory/memory_storage.hpp"
#include "tests/unit/quiet.hpp"

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <string>

using namespace pgbraid;
using pgbraid::test::quiet;

namespace {

postgres::control_file cluster(uint64_t system_id, uint32_t version = 150000) {
  postgres::control_file out{};
  out.system_id = system_id;
  out.version = version;
  out.catalog_version = 202209061;
  out.control_version = 1300;
  return out;
}

const std::array<std::string, 4> paths = {
    "archive/demo/archive.info", "archive/demo/archive.info.copy", "backup/demo/backup.info",
    "backup/demo/backup.info.copy"};

struct rig {
  explicit rig(bool encrypted)
      : repo(files, encrypted ? repository_settings{.key = 1,
                                                    .stanza = "demo",
                                                    .cipher = cipher_type::aes_256_cbc,
                                                    .passphrase = secret("pass")}
                              : repository_settings{.key = 1, .stanza = "demo"}) {}
  std::array<std::optional<std::string>, 4> content() {
    std::array<std::optional<std::string>, 4> out;
    for (size_t i = 0; i < paths.size(); ++i)
      out[i] = files.content(paths[i]);
    return out;
  }
  errc create(const postgres::control_file& of) {
    const auto done = create_stanza(repo, of);
    return done ? errc{} : done.failure().code;
  }

  memory_storage files;
  repository repo;
};

} // namespace

TEST_CASE_FIXTURE(
    quiet, "stanza create: of any of the four files missing the pair is mended, or it is damage") {
  for (const bool encrypted : {false, true})
    for (unsigned there = 0; there < 16; ++there)
      for (const bool fits : {true, false}) {
        CAPTURE(encrypted);
        CAPTURE(there);
        rig at(encrypted);
        REQUIRE(at.create(cluster(77)) == errc{});
        const auto whole = at.content();
        for (size_t i = 0; i < paths.size(); ++i)
          if ((there & (1U << i)) == 0)
            REQUIRE(at.files.remove_file(paths[i]));
        const auto before = at.content();
        const auto got = at.create(cluster(fits ? 77 : 78));
        const bool archive = (there & 3) != 0;
        const bool backup = (there & 12) != 0;
        if (archive != backup) {
          CHECK(got == errc::file_missing);
          CHECK(at.content() == before);
        } else if (archive && !fits) {
          CHECK(got == errc::file_invalid);
          CHECK(at.content() == before);
        } else if (archive) {
          CHECK(got == errc{});
          CHECK(at.content() == whole); // salt and passphrases included
        } else {                        // a new stanza, of whichever cluster
          CHECK(got == errc{});
          CHECK(at.repo.load_archive_info()->current().system_id == (fits ? 77 : 78));
          CHECK((at.content() != whole) == (encrypted || !fits));
        }
      }
}

TEST_CASE_FIXTURE(quiet,
                  "stanza create: one damaged file of a pair is no reason to refuse, two are") {
  for (const bool encrypted : {false, true})
    for (unsigned damaged = 1; damaged < 16; ++damaged) {
      CAPTURE(damaged);
      rig at(encrypted);
      REQUIRE(at.create(cluster(77)) == errc{});
      for (size_t i = 0; i < paths.size(); ++i)
        if ((damaged & (1U << i)) != 0)
          REQUIRE(write_all(at.files, paths[i], "[torn"));
      const auto before = at.content();
      const bool readable = (damaged & 3) != 3 && (damaged & 12) != 12;
      CHECK((at.create(cluster(77)) == errc{}) == readable);
      CHECK(at.content() == before); // a file that is there is not written again
    }
}

TEST_CASE_FIXTURE(quiet, "stanza create: only the very cluster and version are the stanza's") {
  rig at(false);
  REQUIRE(at.create(cluster(77, 150000)) == errc{});
  const auto before = at.content();
  CHECK(at.create(cluster(77, 150000)) == errc{});
  CHECK(at.create(cluster(77, 160000)) == errc::file_invalid);
  CHECK(at.create(cluster(78, 150000)) == errc::file_invalid);
  CHECK(at.content() == before);
}

TEST_CASE_FIXTURE(quiet,
                  "stanza create: whatever lies in one of the two directories is somebody's") {
  for (const std::string path : {"archive/demo/x", "archive/demo/15-1/y", "backup/demo/x",
                                 "backup/demo/20261101-120000F/backup.manifest"}) {
    rig at(false);
    REQUIRE(write_all(at.files, path, "x"));
    CHECK(at.create(cluster(77)) == errc::path_not_empty);
    CHECK(at.files.used_bytes() == 1);
  }
  for (const std::string other : {"archive/other/x", "backup/demo2/x", "x"}) {
    rig at(false);
    REQUIRE(write_all(at.files, other, "x"));
    CHECK(at.create(cluster(77)) == errc{});
  }
  rig empty(false); // directories alone are nobody's
  REQUIRE(empty.files.make_path("archive/demo"));
  REQUIRE(empty.files.make_path("backup/demo"));
  CHECK(empty.create(cluster(77)) == errc{});
}
