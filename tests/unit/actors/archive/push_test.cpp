// archive-push between memory and memory.
// SPDX-License-Identifier: MIT
#include "tests/unit/actors/archive/archive_rig.hpp"
#include "tests/unit/engine/base/asides.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"
#include "tests/unit/quiet.hpp"
#include "tests/unit/storage/power_cut.hpp"

#include <future>

using namespace pgbraid;
using namespace pgbraid::test;

TEST_CASE("push: a segment is in every repository, under the checksum of its content") {
  archive_rig rig(3);
  REQUIRE(rig.push());
  for (const auto& at : rig.places)
    CHECK(at->files->content(rig.path_of(rig_content('w'))) == rig_content('w'));
  test::join_all_asides();
}

TEST_CASE("push: what one repository cannot take, the others have, and it is told which") {
  archive_rig rig(3);
  rig.places[1]->refusals = 1;
  const auto done = rig.push();
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::command);
  CHECK(done.failure().message.find("repo2: [HostConnectError]") != std::string::npos);
  CHECK(rig.stored(0).size() == 1);
  CHECK(rig.stored(1).empty());
  CHECK(rig.stored(2).size() == 1);
  test::join_all_asides();
}

TEST_CASE("push: a disk that fails in the middle is one repository's trouble, too") {
  for (const auto verb : {storage_verb::open_write, storage_verb::write, storage_verb::publish}) {
    archive_rig rig(2);
    rig.places[0]->files->fail(verb, 1, {errc::file_write, "the disk is gone"}, true);
    CHECK(rig.push_code() == errc::command);
    rig.places[0]->files->fail(verb, UINT64_MAX, {errc::file_write, "never"});
    CHECK(rig.stored(0).empty());
    CHECK(rig.stored(1).size() == 1);
    test::join_all_asides();
  }
}

TEST_CASE("push: where nobody takes it, no repository is valid") {
  archive_rig rig(2);
  rig.places[0]->refusals = rig.places[1]->refusals = 1;
  CHECK(rig.push_code() == errc::repo_invalid);
  test::join_all_asides();
}

TEST_CASE("push: the same again is fine and writes nothing") {
  archive_rig rig;
  REQUIRE(rig.push());
  const auto path = rig.path_of(rig_content('w'));
  rig.places[0]->files->fail(storage_verb::publish, 1, {errc::file_write, "written again"}, true);
  CHECK(rig.push_code() == errc{});
  CHECK(rig.stored(0) == std::vector{path});
}

TEST_CASE("push: other content under the same name is refused, and what is there stays") {
  archive_rig rig;
  REQUIRE(rig.push());
  rig.write(rig.wal, rig_segment, rig_content('x'));
  CHECK(rig.push_code() == errc::archive_duplicate);
  CHECK(rig.stored(0) == std::vector{rig.path_of(rig_content('w'))});
}

TEST_CASE("push: a damaged copy is replaced, whatever is wrong with it") {
  const auto whole = rig_content('w');
  for (const auto& damaged :
       {std::string(), whole.substr(0, 100), whole + "more", std::string(rig_segment_bytes, 'z')}) {
    archive_rig rig;
    const auto path = rig.path_of(whole);
    rig.write(*rig.places[0]->files, path, damaged);
    REQUIRE(rig.push());
    CHECK(rig.places[0]->files->content(path) == whole);
  }
}

TEST_CASE("push: only what PostgreSQL writes, of this cluster, is archived") {
  const auto right = rig_content('w');
  for (const auto& wrong :
       {rig_content('w', rig_system_id + 1), right.substr(0, rig_segment_bytes - 1), right + "x",
        right.substr(0, 20), std::string(rig_segment_bytes, '\0')}) {
    archive_rig rig;
    rig.write(rig.wal, rig_segment, wrong);
    CHECK(rig.push_code() != errc{});
    CHECK(rig.stored(0).empty());
  }
  archive_rig rig;
  REQUIRE(rig.wal.remove_file(rig_segment));
  CHECK(rig.push_code() == errc::file_missing);
}

TEST_CASE("push: a repository of another cluster takes nothing") {
  archive_rig rig(2);
  auto control = *postgres::parse_control_file(as_bytes(rig_control()));
  control.system_id += 1;
  rig.places[1]->files = std::make_shared<faulty_memory>();
  auto foreign = rig.open(rig.places[1], 2);
  REQUIRE(create_stanza(*foreign, control));
  const auto done = rig.push();
  REQUIRE_FALSE(done);
  CHECK(done.failure().message.find("repo2: [ArchiveMismatchError]") != std::string::npos);
  CHECK(rig.stored(0).size() == 1);
  CHECK(rig.stored(1).empty());
  test::join_all_asides();
}

TEST_CASE("push: without power at any change, the next push makes it whole") {
  for (unsigned nth = 1;; ++nth) {
    archive_rig rig;
    auto& files = *rig.places[0]->files;
    {
      power_cut cut(files, nth);
      const auto code = rig.push_code();
      if (!cut.happened()) {
        CHECK(code == errc{});
        REQUIRE(nth > 3); // it was cut somewhere
        break;
      }
    }
    // Whatever has the segment's name is all of it.
    for (const auto& path : rig.stored(0))
      CHECK(files.content(path) == rig_content('w'));
    REQUIRE(rig.push());
    CHECK(rig.stored(0) == std::vector{rig.path_of(rig_content('w'))});
    CHECK(files.content(rig.path_of(rig_content('w'))) == rig_content('w'));
  }
}

TEST_CASE("push: every codec and an encrypted repository hold other bytes and the same name") {
  for (const auto type : {compress_type::none, compress_type::gz, compress_type::lz4,
                          compress_type::zst, compress_type::bz2}) {
    archive_rig rig(1, true);
    rig.wanted.compression = type;
    rig.wanted.compress_level = codec::levels_of(type).standard;
    REQUIRE(rig.push());
    const auto paths = rig.stored(0);
    REQUIRE(paths.size() == 1);
    CHECK(paths[0].starts_with(rig.path_of(rig_content('w'))));
    const auto content = rig.places[0]->files->content(paths[0]).value();
    CHECK(content.starts_with("Salted__"));
    CHECK(content.find("wwwwwwww") == std::string::npos);
  }
}

TEST_CASE("push: more WAL than the queue may hold is dropped and counts as archived") {
  archive_rig rig;
  for (const char digit : {'3', '4', '5'})
    rig.write(rig.wal, std::string("archive_status/00000001000000000000000") + digit + ".ready",
              "");
  rig.write(rig.wal, "archive_status/000000010000000000000002.done", "");
  rig.wanted.queue_max = 3 * rig_segment_bytes; // just what waits
  REQUIRE(rig.push());
  CHECK(rig.stored(0).size() == 1);
  rig.wanted.queue_max = 3 * rig_segment_bytes - 1;
  rig.wanted.wal.name = "000000010000000000000004";
  rig.write(rig.wal, rig.wanted.wal.name, rig_content('w'));
  REQUIRE(rig.push());
  CHECK(rig.stored(0, rig.wanted.wal.name).empty());
}

TEST_CASE("push: history files are stored as they are, and replaced when they differ") {
  archive_rig rig(2);
  rig.wanted.wal.name = "00000002.history";
  rig.wanted.compression = compress_type::gz;
  const auto path = format::wal_history_path("demo", "15-1", rig.wanted.wal.name);
  for (const std::string text : {"1\t0/3000000\tno recovery target\n", "1\t0/4000000\tlater\n"}) {
    rig.write(rig.wal, rig.wanted.wal.name, text);
    REQUIRE(rig.push());
    for (const auto& at : rig.places)
      CHECK(at->files->content(path) == text);
  }
  test::join_all_asides();
}

TEST_CASE(
    "push: more WAL than the queue may hold is dropped while a repository hangs, and marked") {
  archive_rig rig;
  const quiet no_lines;
  manual_clock clock;
  auto spool = std::make_shared<faulty_memory>("/var");
  journal::wal_journal journal(spool, "spool/journal/demo/repo1", uint64_t{1} << 30);
  std::promise<void> end;
  const auto ended = end.get_future().share();
  auto between = rig.ends();
  between.to[0].open = [&rig, &clock, ended]() -> result<open_repository> {
    for (const char digit : {'3', '4', '5', '6'})
      rig.write(rig.wal, std::string("archive_status/00000001000000000000000") + digit + ".ready",
                "");
    // Whoever watches may begin to only now.
    while (ended.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready)
      clock.advance(std::chrono::seconds(2));
    return error{errc::host_connect, "that was long"};
  };
  between.journals = {{between.to[0], journal}};
  std::string said;
  rig.wanted.warn = [&](const std::string& text) { said += text; };
  rig.wanted.queue_max = 3 * rig_segment_bytes;
  REQUIRE(push_wal(rig.wanted, between));
  CHECK(said == "dropped WAL file '" + rig_segment + "' because archive queue exceeded 3MB");
  const auto there = journal.look();
  REQUIRE(there);
  REQUIRE(there->gaps.size() == 1);
  CHECK(there->gaps[0].first == rig_segment);
  end.set_value();
  test::join_all_asides();
}
