// Tests of opening files of a repository by their paths.
// SPDX-License-Identifier: MIT
#include "engine/format/repository_path.hpp"
#include "storage/driver/memory/memory_storage.hpp"
#include "storage/repository/file_passphrase.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pgbraid;

namespace {

const std::string made = "20261121-231250F";

/// Each level has a passphrase of its own.
struct levels {
  memory_storage files{"/repo"};
  repository repo{
      files, {.stanza = "demo", .cipher = cipher_type::aes_256_cbc, .passphrase = secret("r")}};

  levels() {
    format::archive_info archive;
    archive.history = {{.id = 1, .system_id = 77, .version = "15"}};
    archive.current_id = 1;
    archive.cipher_pass = secret("a");
    REQUIRE(repo.save(archive));
    format::backup_info backups;
    backups.add_history(77, "15", 202209061, 1300);
    backups.cipher_pass = secret("b");
    REQUIRE(repo.save(backups));
    auto manifest = test::small_manifest(made);
    manifest.cipher_pass = secret("m");
    REQUIRE(files.make_path(format::label_path("demo", made)));
    publication all(files);
    REQUIRE(repo.add(all, manifest, secret("b")));
    REQUIRE(all.publish());
  }

  std::string of(const std::string& path) {
    const auto pass = passphrase_of(repo, path);
    return pass ? std::string(pass->view()) : std::to_string(static_cast<int>(pass.failure().code));
  }
};

} // namespace

TEST_CASE("file passphrase: each level has its own") {
  levels on;
  CHECK(on.of("backup/demo/backup.info") == "r");
  CHECK(on.of("archive/demo/15-1/00000002.history") == "a");
  CHECK(on.of("backup/demo/" + made + "/backup.manifest") == "b");
  CHECK(on.of("backup/demo/" + made + "/bundle/1") == "m");
  CHECK(on.of("elsewhere") == "32");
  CHECK(on.of("backup/demo/20261121-231251F/bundle/1") == "55");
}

TEST_CASE("file passphrase: none where nothing is encrypted") {
  memory_storage files("/repo");
  repository repo(files, {.stanza = "demo"});
  CHECK(passphrase_of(repo, "elsewhere")->empty());
}

TEST_CASE("file passphrase: latest is a backup beside it, and nothing else") {
  memory_storage files("/repo");
  REQUIRE(files.make_path("backup/demo"));
  REQUIRE(files.make_symlink("backup/demo/latest", made));
  CHECK(*through_latest(files, "backup/demo/latest") == "backup/demo/" + made);
  CHECK(*through_latest(files, "backup/demo/latest/x/latest") ==
        "backup/demo/" + made + "/x/latest");
  for (const auto* other :
       {"", "backup", "backup/demo", "backup/demo/latest2", "archive/demo/latest"})
    CHECK(*through_latest(files, other) == other);
  REQUIRE(files.remove_file("backup/demo/latest"));
  CHECK(*through_latest(files, "backup/demo/latest") == "backup/demo/latest");
  REQUIRE(files.make_symlink("backup/demo/latest", "../other"));
  test::hostile("links that lead elsewhere");
  CHECK(*through_latest(files, "backup/demo/latest/x") == "backup/demo/latest/x");
}
