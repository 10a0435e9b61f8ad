// Whole backups of a cluster in memory into a repository in memory.
// SPDX-License-Identifier: MIT
#include "storage/repository/block_map_file.hpp"
#include "tests/unit/actors/backup/whole_backup_rig.hpp"
#include "tests/unit/storage/power_cut.hpp"

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::test;

TEST_CASE_FIXTURE(whole_rig, "backup: what is in the cluster is in the repository, and listed") {
  REQUIRE(make());
  const auto labels = listed();
  REQUIRE(labels.size() == 1);
  const auto base = format::label_path("demo", *labels.begin()) + "/pg_data/";
  CHECK(files.content(base + "base/5/1259") == std::string(8192, 'a'));
  CHECK(files.content(base + "base/5/2600") == std::string(100'000, 'b'));
  CHECK(files.content(base + "backup_label") == primary->server->stop.backup_label);
  CHECK(files.content(base + "global/pg_control") == control_text());
  CHECK_FALSE(files.content(base + "tablespace_map"));
  CHECK(primary->server->started == 1);
  CHECK(primary->server->stopped == 1);
}

TEST_CASE_FIXTURE(whole_rig, "backup: the second one leaves the first as it was") {
  REQUIRE(make());
  const auto first = *listed().begin();
  const auto before = files.content(format::label_path("demo", first) + "/backup.manifest");
  REQUIRE(make());
  CHECK(listed().size() == 2);
  CHECK(files.content(format::label_path("demo", first) + "/backup.manifest") == before);
}

TEST_CASE("backup: hard links are made where there are any, and files only referred to elsewhere") {
  for (const bool links : {true, false}) {
    CAPTURE(links);
    auto can = memory_storage::everything();
    can.hardlinks = can.symlinks = links;
    whole_rig on(can);
    on.wanted.hardlink = true;
    REQUIRE(on.make());
    on.clock.advance(std::chrono::minutes(1));
    on.wanted.type = "incr";
    REQUIRE(on.make());
    const auto labels = on.listed();
    REQUIRE(labels.size() == 2);
    const auto info = on.repo.load_backup_info();
    REQUIRE(info);
    const auto manifest = on.repo.load_manifest(*labels.rbegin(), info->cipher_pass);
    REQUIRE(manifest);
    CHECK(manifest->options.hardlink); // what was wished for
    const auto path = format::label_path("demo", *labels.rbegin()) + "/pg_data/base/5/2600";
    CHECK(on.files.content(path).has_value() == links);
    CHECK(on.files.info("backup/demo/latest")->has_value() == links);
  }
}

TEST_CASE_FIXTURE(whole_rig, "backup: of a file in blocks those that changed are stored again") {
  constexpr uint64_t block = 8192;
  primary->server->clock_ms = wall_s() * 1000; // files that are years old are not cut
  for (const uint64_t bundled : {uint64_t{1} << 20, uint64_t{0}}) {
    CAPTURE(bundled);
    wanted.type = "full";
    wanted.rules = {.bundle = true, .bundle_limit_bytes = bundled, .bundle_size_bytes = 1 << 20};
    wanted.blocks = plan::peer_block_rules();
    std::string content(37 * block + 100, '\0');
    for (size_t i = 0; i < content.size(); ++i)
      content[i] = static_cast<char>(i * 31 + i / block * 7 + bundled);
    put("base/5/2600", content);
    REQUIRE(make());
    clock.advance(std::chrono::minutes(1));
    content[12 * block + 5] ^= 1;
    content += std::string(block, 'z'); // the last block is another one, and there is a new one
    put("base/5/2600", content);
    wanted.type = "incr";
    REQUIRE(make());

    const auto newest = *listed().rbegin();
    auto info = repo.load_backup_info();
    REQUIRE(info);
    const auto manifest = repo.load_manifest(newest, info->cipher_pass);
    REQUIRE(manifest);
    REQUIRE(manifest->references.size() == 2);
    const auto* file = manifest->find_file("pg_data/base/5/2600");
    REQUIRE(file != nullptr);
    REQUIRE(file->is_block_incremental());
    REQUIRE(file->rare->block_size_bytes == block);
    CHECK(file->in_bundle() == (bundled != 0));
    const auto map = load_block_map(files, "demo", *manifest, *file, nullptr);
    REQUIRE(map);
    std::vector<uint64_t> own;
    std::string joined;
    for (const auto& run : map->runs) {
      // Nothing is compressed here: a super block is its blocks.
      const auto place = format::label_path("demo", manifest->references[run.reference]) +
                         (run.bundle_id != 0 ? "/bundle/" + std::to_string(run.bundle_id)
                                             : "/pg_data/base/5/2600.pgbi");
      const auto from = run.offset_bytes + run.first_block * block;
      for (uint32_t i = 0; i < run.blocks; ++i) {
        const auto number = joined.size() / block;
        if (run.reference == 1)
          own.push_back(number);
        const auto stored = files.content(place);
        REQUIRE(stored);
        joined += stored->substr(from + i * block, map->shape.bytes_of(number));
      }
    }
    CHECK((joined == content));
    CHECK(own == std::vector<uint64_t>{12, 37, 38});
    CHECK(file->stored_bytes() < 4 * block);
  }
}

TEST_CASE("backup: without power at any change, the repository is what it was or has the backup") {
  for (unsigned nth = 1;; ++nth) {
    whole_rig rig;
    rig.wanted.rules.bundle = nth % 2 == 0;
    REQUIRE(rig.make());
    const auto before = rig.listed();
    bool happened = false;
    errc code{};
    {
      power_cut cut(rig.files, nth);
      code = rig.code();
      happened = cut.happened();
    }
    const auto after = rig.listed();
    CHECK(std::ranges::includes(after, before));
    if (!happened) {
      CHECK(code == errc{});
      CHECK(after.size() == 2);
      CHECK(nth > 10); // it was cut in many places
      break;
    }
    // Whatever was left behind is in nobody's way.
    REQUIRE(rig.make());
    CHECK(rig.listed().size() >= before.size() + 1);
  }
}

TEST_CASE("backup: a session that is lost at any call ends it, and nothing of it stays") {
  for (int calls = 0;; ++calls) {
    whole_rig rig;
    rig.primary->server->calls_left = calls;
    if (rig.code() == errc{}) {
      CHECK(calls > 5);
      CHECK(rig.directories() == 1);
      break;
    }
    CHECK(rig.listed().empty());
    CHECK(rig.directories() == 0);
  }
}

TEST_CASE_FIXTURE(whole_rig, "backup: a disk that is full ends it, and nothing of it stays") {
  files.fail(storage_verb::write, 3, {errc::file_write, "no space left"}, true);
  CHECK(code() != errc{});
  files.fail(storage_verb::write, UINT64_MAX, {errc::file_write, "never"});
  CHECK(listed().empty());
  CHECK(directories() == 0);
}

TEST_CASE_FIXTURE(whole_rig,
                  "backup: a server whose clock stands still ends it, and nothing stays") {
  primary->server->clock_step_ms = 0;
  CHECK(code() == errc::kernel);
  CHECK(listed().empty());
  CHECK(directories() == 0);
}

TEST_CASE_FIXTURE(whole_rig, "backup: a required standby that does not answer is said beforehand") {
  wanted.standbys = standby_wish::required;
  CHECK(code() == errc::db_connect);
  CHECK(primary->server->started == 0);
  CHECK(directories() == 0);
  wanted.standbys = standby_wish::preferred;
  CHECK(code() == errc{});
}

TEST_CASE_FIXTURE(whole_rig, "backup: two primaries are one too many, and so is another cluster") {
  auto other = std::make_shared<memory_cluster>(2);
  REQUIRE(write_all(*other->files, "global/pg_control", control_text()));
  clusters.push_back(other);
  CHECK(code() == errc::db_connect);
  clusters.pop_back();
  primary->server->info.data_directory = "/elsewhere";
  CHECK(code() == errc::db_mismatch);
  CHECK(primary->server->started == 0);
}

TEST_CASE_FIXTURE(whole_rig, "backup: pg_control must show the checkpoint of the start") {
  primary->server->start.lsn = 0x3000061;
  CHECK(code() == errc::db_mismatch);
  primary->server->start = {.lsn = 0x3000028, .segment = "000000020000000000000003"};
  CHECK(code() == errc::db_mismatch);
  CHECK(directories() == 0);
}

TEST_CASE_FIXTURE(whole_rig, "backup: a stopped cluster must be stopped, unless forced") {
  wanted.online = false;
  put("postmaster.pid", "1");
  CHECK(code() == errc::pg_running);
  wanted.force = true;
  CHECK(code() == errc{});
  CHECK(primary->server->started == 0);
}

TEST_CASE_FIXTURE(whole_rig, "backup: without a finished segment one is finished to be checked") {
  wanted.archive_check = true;
  wanted.archive_timeout = std::chrono::milliseconds(500);
  primary->server->current = primary->server->start.segment;
  CHECK(code() == errc::archive_timeout); // nobody archives here
  CHECK(primary->server->switched == 1);
  CHECK(directories() == 0);
  primary->server->current = "000000010000000000000002";
  CHECK(code() == errc::archive_timeout);
  CHECK(primary->server->switched == 1);
}

TEST_CASE_FIXTURE(whole_rig, "backup: a server that does not archive is told so first") {
  wanted.archive_check = true;
  primary->server->info.archive_mode = "off";
  CHECK(code() == errc::archive_disabled);
  primary->server->info.archive_mode = "on";
  primary->server->info.archive_command = "cp %p /elsewhere";
  CHECK(code() == errc::archive_command_invalid);
  primary->server->info.archive_library = "basic_archive";
  CHECK(code() == errc::archive_command_invalid);
  CHECK(primary->server->started == 0);
}
