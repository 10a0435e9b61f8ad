// Verifying whole backups and WAL in memory.
// SPDX-License-Identifier: MIT
#include "actors/verify/verify.hpp"
#include "engine/codec/digest.hpp"
#include "tests/unit/actors/backup/whole_backup_rig.hpp"

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::test;
using namespace pgbraid::verify;
using report::verified_backup;
using report::verified_files;
using report::verified_stanza;
using report::verified_state;

namespace {

constexpr uint32_t segment_bytes = 16 << 20;

/// A full backup of five files, the incr on top of it, and WAL as it is wanted.
struct verified_rig : whole_rig {
  std::string full;
  std::string incr;
  verify_wish wish = {};

  explicit verified_rig(bool bundles = false) {
    wanted.rules = {
        .bundle = bundles, .bundle_limit_bytes = 2 << 20, .bundle_size_bytes = 20 << 20};
    REQUIRE(make());
    clock.advance(std::chrono::minutes(1));
    wanted.type = "incr";
    REQUIRE(make());
    full = *listed().begin();
    incr = *listed().rbegin();
  }

  result<verified_stanza> try_verify() {
    return verify_stanza(repo, wish, [](const auto& drawn, const auto& use) {
      return actors::run_settings{.graph =
                                      graph::compile(drawn, {.cores = 2, .process_max = 2}, use),
                                  .mode = io::io_mode::threads,
                                  .minds_signals = false};
    });
  }
  verified_stanza look() {
    auto found = try_verify();
    if (!found)
      FAIL(found.failure().text());
    return std::move(*found);
  }
  std::string path_of(const std::string& label, const std::string& name) const {
    return format::label_path("demo", label) + "/" + name;
  }
  void store(const std::string& path, const std::string& content) {
    REQUIRE(write_all(files, path, content));
  }
  /// A segment with a long header, under the name of what it holds.
  std::string put_wal(const std::string& segment, char filler) {
    std::string content(segment_bytes, filler);
    const auto set = [&](size_t offset, auto value) {
      std::memcpy(content.data() + offset, &value, sizeof value);
    };
    std::memset(content.data(), 0, 40);
    set(0, uint16_t{0xD110});
    set(2, uint16_t{2});
    set(4, uint32_t{1});
    set(24, uint64_t{77});
    set(32, segment_bytes);
    set(36, uint32_t{8192});
    const auto checksum = to_hex(codec::sha1_of(as_bytes(content)));
    auto path = "archive/demo/15-1/" + segment.substr(0, 16) + "/" +
                format::wal_entry_name(segment, checksum, compress_type::none);
    store(path, content);
    return path;
  }
};

const verified_backup& find(const verified_stanza& in, const std::string& label) {
  const auto found = std::ranges::find(in.backups, label, &verified_backup::label);
  REQUIRE(found != in.backups.end());
  return *found;
}

uint64_t wrong(const verified_files& of) {
  return of.missing + of.wrong_content + of.wrong_size + of.unreadable;
}

} // namespace

TEST_CASE("verify: what was just made is valid, in files and in bundles") {
  for (const bool bundles : {false, true}) {
    CAPTURE(bundles);
    verified_rig on(bundles);
    const auto found = on.look();
    CHECK_FALSE(found.is_damaged());
    REQUIRE(found.backups.size() == 2);
    for (const auto& backup : found.backups) {
      CHECK(backup.state == verified_state::valid);
      CHECK(backup.files.total == 6); // the five and backup_label
      CHECK(backup.files.valid == 6);
    }
    CHECK(found.archives.empty());
  }
}

TEST_CASE("verify: a stored file is read once, whoever refers to it") {
  verified_rig on;
  const auto before = on.files.used(storage_verb::open_read);
  on.look();
  const auto whole = on.files.used(storage_verb::open_read) - before;
  on.wish.set = on.full;
  on.look();
  const auto alone = on.files.used(storage_verb::open_read) - before - whole;
  CHECK(whole < 2 * alone);
}

TEST_CASE("verify: what is wrong with a file is wrong with all backups that need it") {
  verified_rig on;
  const auto path = on.path_of(on.full, "pg_data/base/5/2600");
  const auto content = *on.files.content(path);
  const auto check = [&](uint64_t verified_files::*what) {
    const auto found = on.look();
    for (const auto& label : {on.full, on.incr}) {
      CHECK(find(found, label).state == verified_state::invalid);
      CHECK(find(found, label).files.*what == 1);
      CHECK(wrong(find(found, label).files) == 1);
    }
  };
  REQUIRE(on.files.remove_file(path));
  check(&verified_files::missing);
  on.store(path, content.substr(1));
  check(&verified_files::wrong_content);
  on.store(path, content + "x");
  check(&verified_files::wrong_content);
  on.store(path, "");
  check(&verified_files::wrong_content);
  on.store(path, content);
  CHECK_FALSE(on.look().is_damaged());
}

TEST_CASE("verify: a bundle that is cut leaves the files before the cut") {
  verified_rig on(true);
  const auto bundles = on.files.list(on.path_of(on.full, "bundle"));
  REQUIRE((bundles && *bundles && !(*bundles)->empty()));
  const auto path = on.path_of(on.full, "bundle/" + (*bundles)->front().name);
  const auto content = on.files.content(path);
  REQUIRE(content);
  on.store(path, content->substr(0, content->size() - 1));
  const auto found = on.look();
  CHECK(wrong(find(found, on.full).files) == 1);
  CHECK(find(found, on.full).files.valid == 5);
}

TEST_CASE("verify: a file that cannot be read is told, a repository that is gone ends it") {
  verified_rig on;
  const auto fails = [&](const error& why) {
    on.files.set_hook([&, why](storage_verb verb, std::string_view path) {
      const bool meant = verb == storage_verb::open_read && path.ends_with("base/5/2600");
      return meant ? std::optional(why) : std::nullopt;
    });
    return on.try_verify();
  };
  const auto told = fails({errc::file_open, "no"});
  REQUIRE(told);
  CHECK(find(*told, on.full).files.unreadable == 1);
  const auto ended = fails({errc::host_connect, "gone"});
  REQUIRE_FALSE(ended);
  CHECK(ended.failure().code == errc::host_connect);
}

TEST_CASE("verify: backups without a manifest, unknown sets, and info files of no use") {
  verified_rig on;
  on.wish.set = "nonsense";
  CHECK(on.look().problems ==
        std::vector<std::string>{"'nonsense' is not a valid backup label format"});
  on.wish.set = "20200101-000000F";
  CHECK(on.look().problems == std::vector<std::string>{"backup set 20200101-000000F is not valid"});
  on.wish.set.reset();
  for (const auto* name : {"backup.manifest", "backup.manifest.copy"})
    REQUIRE(on.files.remove_file(on.path_of(on.incr, name)));
  CHECK(find(on.look(), on.incr).state == verified_state::manifest_missing);
  on.store(on.path_of(on.incr, "backup.manifest"), "x");
  auto found = on.look();
  CHECK(find(found, on.incr).state == verified_state::invalid);
  CHECK(find(found, on.full).state == verified_state::valid);
  REQUIRE(on.files.make_path("backup/demo/29991231-000000F"));
  CHECK(find(on.look(), "29991231-000000F").state == verified_state::in_progress);
  for (const auto* name : {"archive.info", "archive.info.copy"})
    on.store("archive/demo/" + std::string(name), "x");
  CHECK(on.look().problems == std::vector<std::string>{"No usable archive.info file"});
}

TEST_CASE("verify: WAL is what its name says, as long as its header says, and there once") {
  verified_rig on;
  on.put_wal("000000010000000000000003", 'a');
  const auto second = on.put_wal("000000010000000000000004", 'b');
  auto found = on.look();
  REQUIRE(found.archives.size() == 1);
  CHECK(found.archives[0].wal.total == 2);
  CHECK(found.archives[0].wal.valid == 2);
  const auto content = *on.files.content(second);
  on.store(second, content.substr(1));
  CHECK(on.look().archives[0].wal.wrong_content == 1);
  const std::string short_one = "short";
  REQUIRE(on.files.remove_file(second));
  on.store("archive/demo/15-1/0000000100000000/" +
               format::wal_entry_name("000000010000000000000004",
                                      to_hex(codec::sha1_of(as_bytes(short_one))),
                                      compress_type::none),
           short_one);
  CHECK(on.look().archives[0].wal.wrong_size == 1);
  on.put_wal("000000010000000000000004", 'b');
  found = on.look();
  CHECK(found.archives[0].wal.total == 3);
  CHECK(found.archives[0].wal.valid == 1);
  CHECK(wrong(found.archives[0].wal) == 0);
}

TEST_CASE("verify: what expire removes meanwhile is no damage") {
  verified_rig on;
  const auto segment = on.put_wal("000000010000000000000003", 'a');
  on.files.set_hook([&](storage_verb verb, std::string_view path) -> std::optional<error> {
    if (verb != storage_verb::open_read)
      return {};
    if (path == segment)
      return error{errc::file_missing, "gone"};
    if (path.starts_with(on.path_of(on.incr, "pg_data")))
      REQUIRE(on.repo.remove_backup(on.incr));
    return {};
  });
  const auto found = on.look();
  REQUIRE(found.archives.size() == 1);
  CHECK(found.archives[0].wal.total == 0);
  CHECK(find(found, on.full).state == verified_state::valid);
  CHECK(find(found, on.incr).state == verified_state::manifest_missing);
  CHECK_FALSE(found.is_damaged());
}

TEST_CASE("verify: a backup needs the WAL from its start to its end") {
  verified_rig on;
  auto info = on.repo.load_backup_info();
  REQUIRE(info);
  auto manifest = on.repo.load_manifest(on.full, info->cipher_pass);
  REQUIRE(manifest);
  REQUIRE(manifest->archive_start);
  manifest->options.archive_check = true;
  on.store(format::manifest_path_of("demo", on.full), render(*manifest));
  CHECK(find(on.look(), on.full).lacking_wal == 1);
  CHECK(on.look().is_damaged());
  const auto path = on.put_wal(*manifest->archive_start, 'a');
  CHECK(find(on.look(), on.full).lacking_wal == 0);
  on.store(path, "damaged");
  const auto found = on.look();
  CHECK(find(found, on.full).lacking_wal == 1);
  CHECK(find(found, on.full).state == verified_state::valid);
  CHECK(found.is_damaged());
}
