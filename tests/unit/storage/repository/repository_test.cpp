// Info files, manifests and WAL of a stanza on storage in memory.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/codec/compress.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/repository/backup_claim.hpp"
#include "storage/repository/repository.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/storage/faulty_memory.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

using namespace pgbraid;
using namespace pgbraid::format;

namespace {

const std::string full = "20261121-231250F";
const std::string sum = "dafbf44355254f826b129cecc7a094e4a6b4009e";

repository_settings plain() {
  return {.key = 2, .stanza = "demo"};
}

repository_settings encrypted(std::string_view pass) {
  return {
      .key = 2, .stanza = "demo", .cipher = cipher_type::aes_256_cbc, .passphrase = secret(pass)};
}

backup_info some_info(std::string_view pass = {}) {
  backup_info info;
  info.add_history(77, "15", 202209061, 1300);
  info.cipher_pass = secret(pass);
  return info;
}

manifest some_manifest(const std::string& label, std::optional<std::string> prior = {}) {
  auto of = test::small_manifest(label);
  of.type = type_of_label(label);
  of.prior = std::move(prior);
  return of;
}

void put(storage& files, const std::string& path, std::string_view content = "x") {
  REQUIRE(write_all(files, path, content));
}

result<void> complete(repository& repo, const manifest& of, const secret& pass) {
  REQUIRE(repo.files().make_path(label_path(repo.stanza(), of.label)));
  publication all(repo.files());
  REQUIRE(repo.add(all, of, pass));
  return all.publish();
}

struct rig {
  test::faulty_memory files;
  repository repo{files, plain()};
  secret none;
};

} // namespace

TEST_CASE_FIXTURE(rig, "repository: what its readers would refuse is not published") {
  test::hostile("control characters and line feeds", 2);
  auto backup = some_manifest(full);
  backup.databases = {{.name = "line\nfeed", .oid = 5}};
  publication all(files);
  const auto added = repo.add(all, backup, none);
  REQUIRE_FALSE(added);
  CHECK(added.failure().code == errc::format);
  auto info = some_info();
  info.add({.label = "no-label"});
  CHECK_FALSE(repo.save(info));
  CHECK(files.used_bytes() == 0);
}

TEST_CASE_FIXTURE(rig, "repository: WAL has a passphrase where, and only where, all is encrypted") {
  repository sealed(files, encrypted("one"));
  const auto info_with = [](std::string_view pass) {
    archive_info info;
    info.cipher_pass = secret(pass);
    return info;
  };
  auto both = info_with("two");
  const auto taken = sealed.take_wal_pass(both);
  REQUIRE(taken);
  CHECK(taken->view() == "two");
  auto lacking = info_with("");
  const auto refused = sealed.take_wal_pass(lacking);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().code == errc::crypto);
  auto stray = info_with("two");
  const auto nothing = repo.take_wal_pass(stray);
  REQUIRE(nothing);
  CHECK(nothing->empty());
}

TEST_CASE("repository: manifests of many pieces, plain and encrypted") {
  auto made = some_manifest(full);
  for (int i = 0; i < 20'000; ++i)
    made.files.push_back({.name = made.keep("pg_data/" + std::to_string(i)), .mode = 0600});
  made.sort();
  for (const auto& settings : {plain(), encrypted("one")}) {
    test::faulty_memory files;
    repository repo(files, settings);
    const secret pass(settings.passphrase.empty() ? "" : "two");
    REQUIRE(complete(repo, made, pass));
    const auto read = repo.load_manifest(full, pass);
    REQUIRE_MESSAGE(read, read.failure().message);
    CHECK(read->files.size() == made.files.size());
    CHECK(render(*read) == render(made));
    // Damage late in the file is no reason to be taken for anything but damage.
    const auto path = "backup/demo/" + full + "/backup.manifest";
    auto content = *files.content(path);
    test::hostile("manifests and info files");
    content[content.size() - 100] ^= 1;
    for (const auto* suffix : {"", ".copy"})
      put(files, path + suffix, content);
    CHECK_FALSE(repo.load_manifest(full, pass));
    CHECK_FALSE(repo.load_manifest_copy(full, secret("three")));
  }
}

TEST_CASE_FIXTURE(rig, "repository: what does not read back is told, and its twin is there") {
  test::hostile("manifests and info files");
  REQUIRE(repo.save(some_info()));
  bool spoilt = false;
  files.set_hook([&](storage_verb verb, std::string_view path) -> std::optional<error> {
    if (verb == storage_verb::open_read && !std::exchange(spoilt, true))
      put(files, std::string(path), "something else");
    return {};
  });
  auto info = some_info();
  info.add_history(78, "16", 202307071, 1300);
  const auto saved = repo.save(info);
  REQUIRE_FALSE(saved);
  CHECK(saved.failure().code == errc::checksum);
  CHECK(repo.load_backup_info()->current().system_id == 78);
}

TEST_CASE_FIXTURE(rig, "repository: main and copy have the same bytes, and either will do") {
  REQUIRE(repo.save(some_info()));
  const auto main = files.content("backup/demo/backup.info");
  REQUIRE(main);
  CHECK(main == files.content("backup/demo/backup.info.copy"));
  REQUIRE(files.remove_file("backup/demo/backup.info"));
  CHECK(repo.load_backup_info()->current().system_id == 77);
  CHECK(*repo.has_backup_info());
  CHECK(*repo.mend_backup_info());
  CHECK(main == files.content("backup/demo/backup.info"));
  put(files, "backup/demo/backup.info", "[torn");
  CHECK(repo.load_backup_info());
}

TEST_CASE_FIXTURE(rig, "repository: two failures are told in one error") {
  test::hostile("manifests and info files", 2);
  const auto missing = repo.load_archive_info();
  REQUIRE_FALSE(missing);
  CHECK(missing.failure().code == errc::file_missing);
  CHECK(missing.failure().hint.find("stanza-create") != std::string::npos);
  put(files, "archive/demo/archive.info", "garbage");
  CHECK(repo.load_archive_info().failure().code == errc::format);
  put(files, "archive/demo/archive.info.copy", "Salted__12345678");
  const auto both = repo.load_archive_info();
  CHECK(both.failure().code == errc::file_open);
  CHECK(both.failure().message.find("archive.info.copy") != std::string::npos);
}

TEST_CASE_FIXTURE(rig, "repository: info files are not read beyond the size that they can have") {
  const auto refused = [&](const std::string& path, size_t bytes, const auto& load) {
    test::hostile("manifests and info files");
    for (const auto* suffix : {"", ".copy"})
      put(files, path + suffix, std::string(bytes, 'x'));
    const auto read = load();
    REQUIRE_FALSE(read);
    CHECK(read.failure().message.find("larger than") != std::string::npos);
  };
  refused("archive/demo/archive.info", size_t{2} << 20, [&] { return repo.load_archive_info(); });
  refused("backup/demo/backup.info", size_t{33} << 20, [&] { return repo.load_backup_info(); });
}

TEST_CASE("repository: a copy is written after the main file") {
  test::faulty_memory files;
  repository repo(files, plain());
  files.fail(storage_verb::open_write, 2, error{errc::file_write, "disk full"});
  CHECK_FALSE(repo.save(some_info()));
  CHECK(files.content("backup/demo/backup.info"));
  CHECK_FALSE(files.content("backup/demo/backup.info.copy"));
  CHECK(repo.load_backup_info());
}

TEST_CASE("repository: encrypted info files open with their passphrase only") {
  test::faulty_memory files;
  repository repo(files, encrypted("right"));
  REQUIRE(repo.save(some_info("next level")));
  const auto stored = *files.content("backup/demo/backup.info");
  CHECK(stored.starts_with("Salted__"));
  CHECK(stored == files.content("backup/demo/backup.info.copy"));
  CHECK(repo.load_backup_info()->cipher_pass.view() == "next level");
  // Now and then a wrong passphrase leaves sound padding: it must be noticed all the same.
  for (unsigned i = 0; i < 600; ++i) {
    test::hostile("random damage and noise");
    repository other(files, encrypted("wrong" + std::to_string(i)));
    const auto refused = other.load_backup_info();
    REQUIRE_FALSE(refused);
    REQUIRE(refused.failure().code == errc::crypto);
    REQUIRE(refused.failure().hint.find("passphrase") != std::string::npos);
    for (const char c : refused.failure().message)
      REQUIRE((c == '\n' || (c >= 0x20 && c < 0x7f)));
  }
}

TEST_CASE("repository: encryption against the configuration is told apart") {
  test::hostile("manifests and info files", 3);
  test::faulty_memory files;
  REQUIRE(repository(files, encrypted("pass")).save(some_info("x")));
  const auto as_plain = repository(files, plain()).load_backup_info();
  CHECK(as_plain.failure().code == errc::crypto);
  CHECK(as_plain.failure().message.find("is encrypted") != std::string::npos);
  REQUIRE(repository(files, plain()).save(some_info()));
  const auto as_cipher = repository(files, encrypted("pass")).load_backup_info();
  CHECK(as_cipher.failure().code == errc::crypto);
  CHECK(as_cipher.failure().message.find("not encrypted") != std::string::npos);
  put(files, "backup/demo/backup.info", "PGBR006_abcdefgh");
  REQUIRE(files.remove_file("backup/demo/backup.info.copy"));
  CHECK(repository(files, encrypted("pass")).load_backup_info().failure().code == errc::format);
}

TEST_CASE("repository: publishing a manifest writes all that completes a backup") {
  test::faulty_memory files;
  repository repo(files, encrypted("pass"));
  const secret pass("manifest pass");
  const auto made = some_manifest(full);
  REQUIRE(backup_claim::take(repo, made, pass, "1-a"));
  CHECK(repo.list_backups()->at(0).has_copy);
  CHECK_FALSE(repo.list_backups()->at(0).has_manifest);
  CHECK(repo.load_manifest_copy(full, pass));
  REQUIRE(complete(repo, made, pass));
  CHECK(files.content("backup/demo/" + full + "/backup.manifest") ==
        files.content("backup/demo/" + full + "/backup.manifest.copy"));
  const auto history = files.content("backup/demo/backup.history/2026/" + full + ".manifest.gz");
  REQUIRE(history);
  const auto packed = codec::decrypt_all(as_bytes(*history), "manifest pass");
  REQUIRE(packed);
  const auto text = codec::decompress_all(compress_type::gz, *packed, 1 << 20);
  REQUIRE(text);
  CHECK(as_text(*text) == render(made));
  REQUIRE(repo.set_latest(full));
  const auto latest = files.info("backup/demo/latest");
  REQUIRE(*latest);
  CHECK((*latest)->link_destination == full);
  REQUIRE(repo.set_latest("other"));
  CHECK((*files.info("backup/demo/latest"))->link_destination == "other");
  CHECK(repo.load_manifest(full, pass)->label == full);
  CHECK(repo.load_manifest(full, secret("other")).failure().code == errc::crypto);
}

TEST_CASE_FIXTURE(rig, "repository: a backup gets its names in steps, and none is passed over") {
  const std::string base = "backup/demo/" + full + "/backup.manifest";
  const std::vector<std::string> in_order = {base + ".copy", base, "backup/demo/backup.info"};
  for (size_t failing = 0; failing <= in_order.size(); ++failing) {
    CAPTURE(failing);
    if (failing > 0)
      REQUIRE(files.remove_tree("backup"));
    REQUIRE(files.make_path(label_path("demo", full)));
    publication all(files);
    REQUIRE(repo.add(all, some_manifest(full), none));
    REQUIRE(repo.add(all, some_info()));
    for (const auto& path : in_order)
      CHECK_FALSE(files.content(path));
    // The history comes between the last two.
    files.fail(storage_verb::publish, failing < 2 ? failing + 1 : failing + 2,
               {errc::file_move, "no"});
    CHECK_FALSE(all.publish());
    for (size_t i = 0; i < in_order.size(); ++i)
      CHECK(files.content(in_order[i]).has_value() == (i < failing));
  }
}

TEST_CASE_FIXTURE(rig, "repository: the main file does not depend on its copy") {
  REQUIRE(files.make_path("backup/demo/backup.info.copy")); // in its way
  CHECK_FALSE(repo.save(some_info()));
  CHECK(repo.load_backup_info());
}

TEST_CASE_FIXTURE(rig, "repository: a manifest in the wrong directory is refused") {
  test::hostile("manifests and info files");
  REQUIRE(complete(repo, some_manifest(full), none));
  const std::string other = "20261121-231251F";
  const auto text = *files.content("backup/demo/" + full + "/backup.manifest");
  put(files, "backup/demo/" + other + "/backup.manifest", text);
  CHECK(repo.load_manifest(other, none).failure().code == errc::format);
}

TEST_CASE_FIXTURE(rig, "repository: what completes a backup does not bring its directory back") {
  publication all(files);
  REQUIRE(repo.add(all, some_manifest(full), none));
  CHECK_FALSE(all.publish());
  CHECK(repo.list_backups()->empty());
}

TEST_CASE_FIXTURE(rig, "repository: removing a manifest makes a backup incomplete first") {
  REQUIRE(complete(repo, some_manifest(full), none));
  files.fail(storage_verb::remove, 2, error{errc::file_remove, "no"});
  CHECK_FALSE(repo.remove_manifest(full));
  CHECK_FALSE(repo.list_backups()->at(0).has_manifest);
  CHECK(repo.list_backups()->at(0).has_copy);
  REQUIRE(repo.remove_backup(full));
  CHECK(repo.list_backups()->empty());
}

TEST_CASE_FIXTURE(rig, "repository: labels on disk and in the newest history") {
  CHECK(repo.known_labels(*repo.list_backups())->empty());
  put(files, "backup/demo/backup.history/2025/20251231-000000F.manifest.gz");
  put(files, "backup/demo/backup.history/2026/" + full + ".manifest.gz");
  put(files, "backup/demo/backup.history/2026/" + full + ".manifest.gz.pgbackrest.tmp");
  put(files, "backup/demo/20261122-000000F/backup.manifest");
  put(files, "backup/demo/not-a-label/backup.manifest");
  CHECK(*repo.known_labels(*repo.list_backups()) ==
        std::vector<std::string>{full, "20261122-000000F"});
}

TEST_CASE_FIXTURE(rig, "repository: WAL is found by name, in any compression") {
  const std::string directory = "archive/demo/15-1/0000000100000000/";
  const std::string segment = "00000001000000000000000";
  CHECK_FALSE(*repo.wal_range("15-1"));
  put(files, directory + segment + "3-" + sum + ".gz");
  put(files, directory + segment + "4.partial-" + sum + ".gz");
  put(files, directory + segment + "2.00000028.backup");
  put(files, directory + segment + "5-" + sum + ".zst.pgbackrest.tmp");
  put(files, "archive/demo/15-1/00000002.history");
  put(files, "archive/demo/15-1/0000000200000001/000000020000000100000001-" + sum);
  put(files, "archive/demo/9.6-2/x");
  put(files, "archive/demo/15-10/x");
  const auto found = repo.single_wal("15-1", segment + "3");
  REQUIRE(*found);
  CHECK((*found)->path == directory + segment + "3-" + sum + ".gz");
  CHECK_FALSE(*repo.single_wal("15-1", segment + "4"));
  CHECK(*repo.single_wal("15-1", segment + "4.partial"));
  CHECK_FALSE(*repo.single_wal("15-1", segment + "5"));
  CHECK((*repo.wal_range("15-1"))->min == segment + "3");
  CHECK((*repo.wal_range("15-1"))->max == "000000020000000100000001");
  REQUIRE(write_all(files, "archive/demo/15-1/0000000200000001/000000020000000100000002-" + sum,
                    "x", {.mtime_s = 1795300587}));
  CHECK((*repo.wal_range("15-1"))->max_stored_s == 1795300587);
  CHECK(*repo.list_archive_ids() == std::vector<std::string>{"15-1", "9.6-2", "15-10"});
  put(files, directory + segment + "3-" + std::string(40, 'a'));
  const auto twice = repo.single_wal("15-1", segment + "3");
  REQUIRE_FALSE(twice);
  CHECK(twice.failure().code == errc::archive_duplicate);
}

TEST_CASE_FIXTURE(rig, "repository: reconciling drops what is gone and takes what is complete") {
  const std::string gone = full;
  const std::string child = full + "_20261121-231255D";
  const std::string fresh = "20261122-000000F";
  const std::string orphan = "20261101-000000F_20261122-000001I";
  const std::string foreign = "20261123-000000F";
  auto info = some_info();
  info.add(summarize(some_manifest(gone)));
  info.add(summarize(some_manifest(child, gone)));
  REQUIRE(complete(repo, some_manifest(child, gone), none));
  REQUIRE(complete(repo, some_manifest(fresh), none));
  REQUIRE(complete(repo, some_manifest(orphan, "20261101-000000F"), none));
  auto other = some_manifest(foreign);
  other.system_id = 78;
  REQUIRE(complete(repo, other, none));
  REQUIRE(backup_claim::take(repo, some_manifest("20261124-000000F"), none, "1-a"));
  const auto done = reconcile(repo, info);
  REQUIRE(done);
  CHECK(done->changed);
  REQUIRE(info.backups.size() == 1);
  CHECK(info.backups[0].label == fresh);
  CHECK(done->warnings.size() == 5);
  CHECK(done->unreadable.empty());
  CHECK_FALSE(done->why_unreadable);
  const auto again = reconcile(repo, info);
  CHECK_FALSE(again->changed);
}

TEST_CASE("repository: generated passphrases are 64 characters and differ") {
  const auto one = generate_passphrase();
  const auto two = generate_passphrase();
  REQUIRE((one && two));
  CHECK(one->view().size() == 64);
  CHECK_FALSE(*one == *two);
}

TEST_CASE("repository: a manifest is read no further than it may be large") {
  /// Delivers more than it says.
  struct endless final : test::faulty_memory {
    using test::faulty_memory::faulty_memory;
    result<std::optional<entry_info>> info(std::string_view path) override {
      auto about = test::faulty_memory::info(path);
      if (about && *about)
        (*about)->size_bytes = said_bytes;
      return about;
    }
    uint64_t said_bytes = 0;
  };
  endless files("/repo");
  repository repo(files, plain());
  auto large = some_manifest(full);
  for (unsigned number = 0; number < 220'000; ++number)
    large.files.push_back(
        {.name = large.keep("pg_data/base/5/" + std::to_string(1'000'000 + number)),
         .size_bytes = 8192,
         .user = large.owner("postgres"),
         .group = large.owner("postgres"),
         .mode = 0600});
  const auto text = render(large);
  constexpr size_t room_bytes = size_t{16} << 20;
  REQUIRE(text.size() > room_bytes + 1);
  put(files, format::manifest_path_of("demo", full), text);
  files.said_bytes = 1;
  const auto refused = repo.load_manifest(full, secret());
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().message.find("larger than " + std::to_string(room_bytes + 1)) !=
        std::string::npos);
  SUBCASE("its size is not told") {
    files.said_bytes = 0;
  }
  SUBCASE("its size is that of the one before") {
    files.said_bytes = text.size() - 1;
  }
  SUBCASE("its size is right") {
    files.said_bytes = text.size();
  }
  CHECK(repo.load_manifest(full, secret()));
}
