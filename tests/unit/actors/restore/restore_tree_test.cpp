// Targets: what is refused, what is cleaned, what is built; recovery files.
// SPDX-License-Identifier: MIT
#include "tests/unit/actors/restore/rig.hpp"

using namespace pgbraid;
using namespace pgbraid::restore_test;

namespace {

void give(test::faulty_memory& to, std::string_view path, std::string_view content = "x") {
  REQUIRE(write_all(to, path, content));
}

errc refusal(rig& with, bool overwrite) {
  const auto checked = with.tree->check(overwrite);
  REQUIRE(!checked);
  return checked.failure().code;
}

} // namespace

TEST_CASE("restore tree: files in the way are refused before anything is changed") {
  rig with;
  with.plan();
  CHECK(with.tree->check(false)); // nothing exists
  REQUIRE(with.root("/new").make_path("", 0700));
  CHECK(with.tree->check(false));
  give(with.root("/new"), "backup.manifest");
  CHECK(with.tree->check(false));
  give(with.root("/new"), "postgresql.auto.conf");
  CHECK(refusal(with, false) == errc::path_not_empty);
  CHECK(with.tree->check(true));
  with.type = plan::recovery_type::preserve;
  with.plan();
  CHECK(with.tree->check(false));
  REQUIRE(with.root("/space").make_path("PG_14_202107181", 0700)); // another version's
  CHECK(with.tree->check(false));
  give(with.root("/space"), "PG_15_202209061/5/1");
  CHECK(refusal(with, false) == errc::path_not_empty);
}

TEST_CASE("restore tree: directories must be usable, destinations of file links free") {
  rig with;
  with.link_hba();
  with.wish.links_all = true;
  with.plan();
  REQUIRE(with.root("/new").make_path("", 0500));
  CHECK(refusal(with, true) == errc::path_open);
  REQUIRE(with.root("/new").set_attributes("", {.mode = 0700}));
  CHECK(with.tree->check(true));
  give(with.root("/conf"), "hba.conf");
  CHECK(refusal(with, false) == errc::file_exists);
  CHECK(with.tree->check(true));
}

TEST_CASE("restore tree: cleaning leaves what the backup has, and pg_control goes first") {
  rig with;
  with.add("pg_data/PG_VERSION", "15\n");
  with.add("pg_data/global/pg_control", "c");
  with.plan();
  auto& data = with.root("/new");
  give(data, "PG_VERSION");
  give(data, "global/pg_control");
  give(data, "global/old");
  give(data, "stranger/deep/file");
  give(data, "recovery.signal");
  REQUIRE(data.make_symlink("base", "/elsewhere"));
  REQUIRE(data.make_path("pg_tblspc", 0700));
  REQUIRE(data.make_symlink("pg_tblspc/16384", "/old"));
  give(with.root("/space"), "PG_15_202209061/9/1");
  give(with.root("/space"), "PG_14_202107181/9/1");
  REQUIRE(with.tree->clean(true));
  CHECK(data.content("PG_VERSION"));
  for (const auto* gone : {"global/pg_control", "global/old", "stranger", "recovery.signal", "base",
                           "pg_tblspc/16384"}) {
    CAPTURE(gone);
    const auto info = data.info(gone);
    REQUIRE(info);
    CHECK(!*info);
  }
  CHECK(!with.root("/space").content("PG_15_202209061/9/1"));
  CHECK(with.root("/space").content("PG_14_202107181/9/1"));

  REQUIRE(with.tree->build());
  CHECK((*data.info("pg_tblspc/16384"))->link_destination == "/space");
  CHECK((*data.info("base"))->kind == entry_kind::path);
  CHECK((*data.info("base/5"))->mode == 0700);
  CHECK(*with.root("/space").info("PG_15_202209061/5"));
  REQUIRE(with.tree->sync(false));
}

TEST_CASE("restore tree: links are made, their destinations filled") {
  rig with;
  with.wish.links_all = true;
  with.link_hba();
  with.add("pg_data/pg_wal/x", "wal");
  with.plan();
  const auto restored = with.restore();
  if (!restored)
    FAIL(restored.failure().text());
  auto& data = with.root("/new");
  CHECK((*data.info("pg_hba.conf"))->link_destination == "../conf/hba.conf");
  CHECK((*data.info("pg_wal"))->link_destination == "/fast/wal");
  CHECK(with.root("/conf").content("hba.conf") == "hba");
  CHECK(with.root("/fast/wal").content("x") == "wal");
  REQUIRE(with.tree->sync(false));
}

TEST_CASE("restore end: recovery files and the marker") {
  rig with;
  with.backup.cipher_pass = secret("very secret");
  with.add("pg_data/postgresql.auto.conf", "");
  with.plan();
  REQUIRE(with.tree->build_data());
  auto& data = with.root("/new");
  REQUIRE(write_marker(*with.tree, with.backup, *with.owners));
  // Nothing but the mark may be there before it.
  REQUIRE((*data.list(""))->size() == 1);
  REQUIRE(with.tree->build());
  CHECK(data.content("backup.manifest")->find("very secret") == std::string::npos);
  CHECK(with.backup.cipher_pass.view() == "very secret");
  REQUIRE(remove_marker(*with.tree));

  give(data, "postgresql.auto.conf", "a = 1\nrecovery_target = 'immediate'\n");
  const plan::recovery_files files{.settings_file = "postgresql.auto.conf",
                                   .settings = "b = 2\n",
                                   .signal_file = "recovery.signal"};
  REQUIRE(write_recovery_files(*with.tree, files, with.backup, *with.owners, "T"));
  CHECK(data.content("postgresql.auto.conf") ==
        "a = 1\n# Disabled by pgbraid restore on T: recovery_target = 'immediate'\n\nb = 2\n");
  CHECK((*data.info("postgresql.auto.conf"))->mode == 0600);
  CHECK(data.content("recovery.signal") == "");

  give(data, "postgresql.auto.conf", std::string((size_t{16} << 20) + 1, '#'));
  const auto refused = write_recovery_files(*with.tree, files, with.backup, *with.owners, "T");
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().code == errc::file_read);
}
