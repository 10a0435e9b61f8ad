// Whole restores: what is made, what is refused before anything is changed, and going on.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore.hpp"
#include "tests/unit/actors/restore/whole_rig.hpp"
#include "tests/unit/engine/io/scratch.hpp"

using namespace pgbraid;
using namespace pgbraid::restore_test;

namespace {

/// Refused with this code, and nothing is other than it was.
void check_refused(whole_rig& with, errc code) {
  with.root("/spool");
  const auto before = with.everything();
  const auto done = with.run();
  REQUIRE(!done);
  CHECK(done.failure().code == code);
  CHECK(with.everything() == before);
}

void queue_segment(whole_rig& with) {
  REQUIRE(write_all(with.root("/spool"), "archive/demo/out/1.ok", "0"));
  REQUIRE(write_all(with.root("/spool"), "archive/other/out/1.ok", "0"));
}

void check_restored(whole_rig& with, const std::string& pg_path, const std::string& space) {
  auto& data = with.root(pg_path);
  CHECK(data.content("PG_VERSION") == "15\n");
  CHECK(data.content("base/5/112") == content_of(20000, 's'));
  CHECK(with.root(space).content("PG_15_202209061/5/16390") == content_of(16384, 't'));
  CHECK(!data.content("backup.manifest"));
  CHECK(data.content("recovery.signal") == "");
  const auto settings = data.content("postgresql.auto.conf").value_or("");
  CHECK(settings.starts_with("work_mem = '8MB'\n"));
  CHECK(settings.find("restore_command = 'pgbraid archive-get %f \"%p\"'") != std::string::npos);
}

} // namespace

TEST_CASE("restore: a backup becomes a cluster that needs its backup_label") {
  whole_rig with;
  with.publish();
  queue_segment(with);
  const auto done = with.run();
  if (!done)
    FAIL(done.failure().text());
  CHECK(done->label == "20261121-231250F");
  CHECK(done->files == 5);
  CHECK(done->bytes == 3 + 20000 + 8192 + 17 + 16384);
  CHECK(done->reminders.empty());
  check_restored(with, "/new", "/space");
  const auto control = with.root("/new").content("global/pg_control");
  REQUIRE(control);
  CHECK(control->size() == 8192);
  CHECK(*control != control_of_15()); // its checkpoint is none
  // What was queued of this stanza goes.
  CHECK(!with.root("/spool").content("archive/demo/out/1.ok"));
  CHECK(with.root("/spool").content("archive/other/out/1.ok"));
}

TEST_CASE("restore: drawing changes nothing") {
  whole_rig with;
  with.publish();
  queue_segment(with);
  const auto before = with.everything();
  const auto drawn = draw_restore(with.wanted, with.ends());
  REQUIRE(drawn);
  REQUIRE(drawn->size() == 1);
  CHECK(drawn->front().graph.job == "restore");
  CHECK(drawn->front().graph.file_count == 5);
  CHECK(with.everything().size() == before.size());
}

TEST_CASE("restore: with delta the comparison of what is there is drawn first") {
  whole_rig with;
  with.publish();
  REQUIRE(restore_cluster(with.wanted, with.ends()));
  with.wanted.overwrite.delta = true;
  const auto drawn = draw_restore(with.wanted, with.ends());
  REQUIRE(drawn);
  REQUIRE(drawn->size() == 2);
  const auto& compared = drawn->front().graph;
  CHECK(compared.job == "compare");
  CHECK(compared.file_count > 0);
  CHECK(compared.file_count < 5); // pg_control is always written
  CHECK(drawn->back().graph.job == "restore");
  with.wanted.overwrite.force = true; // sizes and times, nothing is read
  CHECK(draw_restore(with.wanted, with.ends())->size() == 1);
}

TEST_CASE("restore: not while a server may run, and not over files") {
  whole_rig with;
  with.publish();
  queue_segment(with);
  REQUIRE(write_all(with.root("/new"), "postmaster.pid", "1"));
  check_refused(with, errc::pg_running);
  REQUIRE(with.root("/new").remove_file("postmaster.pid"));
  REQUIRE(write_all(with.root("/new"), "mine", "x"));
  check_refused(with, errc::path_not_empty);
  // No data directory: delta does not count.
  with.wanted.overwrite.delta = true;
  check_refused(with, errc::path_not_empty);
}

TEST_CASE("restore: missing WAL and bad settings are found before anything is changed") {
  whole_rig with;
  with.publish();
  queue_segment(with);
  with.wanted.recovery.options = {{"primary-conninfo", "a\nb"}};
  check_refused(with, errc::option_invalid);
  with.wanted.recovery.options.clear();
  with.wanted.places.tablespaces = {{"ts9", "/elsewhere"}};
  check_refused(with, errc::tablespace_map);
  with.wanted.places.tablespaces.clear();
  REQUIRE(with.repository.remove_file(whole_rig::segment_path(5)));
  check_refused(with, errc::file_missing);
}

TEST_CASE("restore: files with wrong pages refuse, or are told") {
  whole_rig with;
  for (auto& file : with.backup.files)
    if (file.name == "pg_data/base/5/112") {
      file.pages = format::page_check::broken;
      with.backup.set_rare(file, {.page_errors = with.backup.add_page_errors({{0, 0}})});
    }
  with.publish();
  queue_segment(with);
  check_refused(with, errc::checksum);
  with.wanted.refuse_broken_pages = false;
  const auto done = with.run();
  REQUIRE(done);
  REQUIRE(done->reminders.size() == 1);
  CHECK(done->reminders.front().find("in 1 file(s)") != std::string::npos);
}

TEST_CASE("restore: doubts that were told are told again at the end") {
  whole_rig with;
  with.publish();
  REQUIRE(with.repository.remove_file(whole_rig::segment_path(5)));
  with.wanted.on_doubt = plan::doubt_rule::warn;
  const auto done = with.run();
  REQUIRE(done);
  REQUIRE(done->reminders.size() == 1);
  CHECK(done->reminders.front().find("in spite of 1 warning(s)") != std::string::npos);
}

TEST_CASE("restore: very many small files are synced together, before the cluster can be started") {
  whole_rig with;
  for (int i = 0; i < 6000; ++i)
    with.add(fmt::format("pg_data/base/5/{}", 20000 + i), "x");
  with.publish();
  for (const auto* path : {"/new", "/space"})
    with.root(path).set_hook([](storage_verb verb, std::string_view of) -> std::optional<error> {
      if (verb == storage_verb::sync_path && of.empty())
        return error{errc::path_sync, "the file system has lost writes"};
      return {};
    });
  const auto done = with.run();
  REQUIRE(!done);
  CHECK(done.failure().code == errc::path_sync);
  CHECK(!with.root("/new").content("global/pg_control"));
  CHECK(with.root("/new").used(storage_verb::sync) < 10);
}

TEST_CASE("restore: one that was cut off cannot be started, and delta goes on from there") {
  test::scratch scratch; // delta asks the file system to sync
  whole_rig with;
  const auto data = scratch / "data";
  const auto space = scratch / "space";
  for (const auto& path : {data, space})
    std::filesystem::create_directory(path);
  with.wanted.places.pg_path = data;
  with.wanted.places.tablespaces = {{"ts1", space}};
  with.publish();
  const auto lost = "backup/demo/20261121-231250F/pg_data/base/5/112";
  const auto stored = with.repository.content(lost);
  REQUIRE(stored);
  REQUIRE(with.repository.remove_file(lost));
  CHECK(!with.run());
  CHECK(with.root(data).content("backup.manifest"));
  CHECK(!with.root(data).content("global/pg_control"));

  with.put(lost, *stored);
  const auto again = with.run();
  REQUIRE(!again);
  CHECK(again.failure().code == errc::path_not_empty);
  with.wanted.overwrite.delta = true;
  const auto done = with.run();
  if (!done)
    FAIL(done.failure().text());
  check_restored(with, data, space);
  CHECK(with.root(data).content("global/pg_control"));
}

TEST_CASE("restore: files where no link leads are another cluster's, unless the user goes on") {
  test::scratch scratch;
  whole_rig with;
  const auto data = scratch / "data";
  const auto space = scratch / "space";
  for (const auto& path : {data, space})
    std::filesystem::create_directory(path);
  with.wanted.places.pg_path = data;
  with.wanted.places.tablespaces = {{"ts1", space}};
  with.wanted.overwrite.delta = true;
  with.publish();
  REQUIRE(write_all(with.root(data), "PG_VERSION", "15\n"));
  REQUIRE(with.root(data).set_attributes("", {.mode = 0700, .uid = 26}));
  const auto other = "PG_15_202209061/5/7";
  REQUIRE(write_all(with.root(space), other, "another cluster's"));
  for (const auto* path : {"", "PG_15_202209061"})
    REQUIRE(with.root(space).set_attributes(path, {.mode = 0700, .uid = 26}));
  check_refused(with, errc::path_not_empty);
  with.wanted.on_doubt = plan::doubt_rule::warn;
  const auto done = with.run();
  if (!done)
    FAIL(done.failure().text());
  CHECK(!with.root(space).content(other));
  CHECK(done->reminders.size() == 1);
}

TEST_CASE("restore: a look beforehand tells each name, and changes nothing") {
  using report::restore_action;
  whole_rig with;
  with.publish();
  const auto seen = [&](const whole_rig& of, const std::string& path) {
    const auto preview = preview_restore(with.wanted, with.ends());
    if (!preview)
      FAIL(preview.failure().text());
    CHECK(preview->backup == of.backup.label);
    for (const auto& one : preview->entries)
      if (one.path == path)
        return std::optional(one);
    return std::optional<report::previewed_entry>();
  };
  with.root("/spool");
  const auto fresh = seen(with, "/new/base/5/112");
  REQUIRE(fresh);
  CHECK(fresh->action == restore_action::restore);
  CHECK(fresh->bytes == 20000);
  CHECK(fresh->from == with.backup.label);
  CHECK(!with.root("/new").content("PG_VERSION"));
  REQUIRE(with.run());

  with.wanted.overwrite.delta = true;
  REQUIRE(write_all(with.root("/new"), "stranger", "x"));
  REQUIRE(write_all(with.root("/new"), "base/5/112", content_of(20000, 'q')));
  const auto before = with.everything();
  CHECK(seen(with, "/new/PG_VERSION")->action == restore_action::keep);
  CHECK(seen(with, "/new/base/5/112")->action == restore_action::restore);
  CHECK(seen(with, "/new/global/pg_control")->action == restore_action::restore);
  CHECK(seen(with, "/new/stranger")->action == restore_action::remove);
  CHECK(with.everything() == before);
  // What it refuses, the restore refuses.
  REQUIRE(write_all(with.root("/new"), "postmaster.pid", "1"));
  const auto refused = preview_restore(with.wanted, with.ends());
  REQUIRE(!refused);
  CHECK(refused.failure().code == errc::pg_running);
}
