// Files out of a repository: every container, damage, delta, and a full disk.
// SPDX-License-Identifier: MIT
#include "tests/hostile.hpp"
#include "tests/unit/actors/restore/rig.hpp"

#include <set>

using namespace pgbraid;
using namespace pgbraid::restore_test;

namespace {

using outcome = restore_task::outcome;

const std::string large = content_of(3 << 20, 'L');
const std::string small = content_of(20000, 's');

void fill(rig& with) {
  const bool bundle = with.backup.bundle;
  with.add("pg_data/PG_VERSION", "15\n", bundle ? 1 : 0);
  with.add("pg_data/base/5/112", small, bundle ? 1 : 0);
  with.add("pg_data/base/5/113", content_of(8192, 'x'), bundle ? 1 : 0);
  with.add("pg_data/base/5/empty", "", 0);
  with.add("pg_data/base/5/large", large, 0);
  with.add("pg_tblspc/16384/PG_15_202209061/5/16390", small, bundle ? 2 : 0);
}

void check_restored(rig& with) {
  auto& data = with.root("/new");
  CHECK(data.content("PG_VERSION") == "15\n");
  CHECK(data.content("base/5/112") == small);
  CHECK(data.content("base/5/113") == content_of(8192, 'x'));
  CHECK(data.content("base/5/empty") == "");
  CHECK(data.content("base/5/large") == large);
  CHECK(with.root("/space").content("PG_15_202209061/5/16390") == small);
  const auto info = data.info("base/5/112");
  REQUIRE((info && *info));
  CHECK((*info)->mode == 0600);
  CHECK((*info)->mtime_s == 500);
}

} // namespace

TEST_CASE("restore job: every container of every type") {
  for (const auto type : all_compress_types)
    for (const bool encrypted : {false, true})
      for (const int layout : {0, 1, 2}) { // files, bundles, raw bundles
        CAPTURE(compress_type_name(type));
        CAPTURE(encrypted);
        CAPTURE(layout);
        rig with;
        with.backup.options.compress_kind = type;
        with.backup.bundle = layout > 0;
        with.backup.bundle_raw = layout == 2;
        if (encrypted)
          with.backup.cipher_pass = secret("pass");
        fill(with);
        with.plan();
        const auto restored = with.restore();
        if (!restored)
          FAIL(restored.failure().text());
        check_restored(with);
        CHECK(with.outcomes.size() == 6);
        CHECK(with.context->left_bytes == 0);
      }
}

TEST_CASE("restore job: a changed file is told by its checksum") {
  test::hostile("stored files that are damaged or expand");
  rig with;
  with.add("pg_data/PG_VERSION", "15\n");
  with.put(format::stored_file_path("demo", with.backup, with.backup.files[0]), "16\n");
  with.plan();
  const auto restored = with.restore();
  REQUIRE(!restored);
  CHECK(restored.failure().code == errc::checksum);
  CHECK(restored.failure().message ==
        // sha1sum of both texts
        "error restoring '/new/PG_VERSION': actual checksum "
        "'" +
            to_hex(codec::sha1_of(as_bytes("16\n"))) +
            "' does not match expected checksum "
            "'587b596f04f7db9c2cad3d6b87dd2b3a05de4f35'");
}

TEST_CASE("restore job: a file that unpacks to more than its size is stopped") {
  test::hostile("stored files that are damaged or expand");
  rig with;
  with.backup.options.compress_kind = compress_type::zst;
  with.add("pg_data/PG_VERSION", "15\n");
  const auto bomb = with.pack(std::string(8 << 20, '0'), false);
  with.put(format::stored_file_path("demo", with.backup, with.backup.files[0]), bomb);
  with.backup.files[0].repo_size_bytes = bomb.size();
  with.plan();
  const auto restored = with.restore();
  REQUIRE(!restored);
  CHECK(restored.failure().code == errc::checksum);
  CHECK(with.root("/new").content("PG_VERSION")->size() <= 3);
}

TEST_CASE("restore job: missing files, short bundles, and a wrong passphrase") {
  test::hostile("stored files that are damaged or expand", 2);
  rig gone;
  gone.add("pg_data/PG_VERSION", "15\n");
  REQUIRE(gone.repository.remove_file(
      format::stored_file_path("demo", gone.backup, gone.backup.files[0])));
  gone.plan();
  CHECK(gone.restore().failure().code == errc::file_missing);

  rig cut;
  cut.backup.options.compress_kind = compress_type::gz;
  cut.add("pg_data/PG_VERSION", "15\n", 1);
  cut.add("pg_data/base/5/112", small, 1);
  const auto path = format::bundle_path("demo", cut.backup.label, 1);
  cut.put(path, cut.repository.content(path)->substr(0, 30));
  cut.plan();
  CHECK(cut.restore().failure().code == errc::format);

  // One wrong passphrase in 256 leaves padding that looks right: the checksum finds that.
  std::set<errc> said;
  for (int i = 0; i < 20; ++i) {
    test::hostile("stored files that are damaged or expand");
    rig locked;
    locked.backup.cipher_pass = secret("right");
    locked.add("pg_data/PG_VERSION", "15\n");
    locked.backup.cipher_pass = secret("wrong");
    locked.plan();
    const auto restored = locked.restore();
    REQUIRE(!restored);
    said.insert(restored.failure().code);
  }
  CHECK(said.count(errc::crypto) == 1);
  said.erase(errc::crypto);
  said.erase(errc::checksum);
  CHECK(said.empty());
}

TEST_CASE("restore job: delta keeps what matches and rewrites the rest") {
  rig with;
  fill(with);
  with.delta = true;
  with.plan();
  REQUIRE(with.restore());
  auto& data = with.root("/new");
  REQUIRE(write_all(data, "base/5/112", content_of(20000, 'q'), {.mode = 0640}));
  REQUIRE(write_all(data, "base/5/113", content_of(8192, 'x') + "grown"));
  with.outcomes.clear();
  with.plan();
  REQUIRE(with.restore());
  check_restored(with);
  const auto at = [&](const char* path) { return static_cast<outcome>(with.outcomes[path]); };
  CHECK(at("/new/base/5/112") == outcome::restored);
  CHECK(at("/new/base/5/113") == outcome::restored);
  CHECK(at("/new/base/5/large") == outcome::matched);
  CHECK(at("/new/base/5/empty") == outcome::matched);
  CHECK(at("/space/PG_15_202209061/5/16390") == outcome::matched);
}

TEST_CASE("restore job: of a file that stays, what is right already is not set again") {
  rig with;
  fill(with);
  with.delta = true;
  with.plan();
  REQUIRE(with.restore());
  auto& data = with.root("/new");
  REQUIRE(data.set_attributes("base/5/large", {.mode = 0644}));
  std::vector<std::string> changed;
  data.set_hook([&](storage_verb verb, std::string_view path) -> std::optional<error> {
    if (verb == storage_verb::set_attributes && path.starts_with("base/5/"))
      changed.emplace_back(path);
    return {};
  });
  with.plan();
  REQUIRE(with.restore());
  data.set_hook({});
  CHECK(changed == std::vector<std::string>{"base/5/large"});
  CHECK((*data.info("base/5/large"))->mode == (*data.info("base/5/empty"))->mode);
}

TEST_CASE("restore job: what is taken away after it was compared is restored") {
  rig with;
  fill(with);
  with.delta = true;
  with.plan();
  REQUIRE(with.restore());
  with.outcomes.clear();
  with.plan();
  auto& data = with.root("/new");
  REQUIRE(data.remove_file("base/5/112"));
  REQUIRE(data.remove_file("base/5/empty"));
  REQUIRE(write_all(data, "base/5/113", "shorter"));
  REQUIRE(data.remove_file("base/5/large"));
  REQUIRE(with.restore());
  check_restored(with);
  const auto at = [&](const char* path) { return static_cast<outcome>(with.outcomes[path]); };
  for (const auto* path :
       {"/new/base/5/112", "/new/base/5/113", "/new/base/5/empty", "/new/base/5/large"})
    CHECK(at(path) == outcome::restored);
  CHECK(at("/new/PG_VERSION") == outcome::matched);
  CHECK(at("/space/PG_15_202209061/5/16390") == outcome::matched);
}

TEST_CASE("restore job: delta with force believes size and time") {
  rig with;
  fill(with);
  with.delta = with.force = true;
  with.plan();
  REQUIRE(with.restore());
  auto& data = with.root("/new");
  const auto other = content_of(20000, 'q');
  REQUIRE(write_all(data, "base/5/112", other, {.mtime_s = 500}));
  with.plan();
  REQUIRE(with.restore());
  CHECK(data.content("base/5/112") == other);
  REQUIRE(write_all(data, "base/5/112", other, {.mtime_s = 501}));
  with.plan();
  REQUIRE(with.restore());
  CHECK(data.content("base/5/112") == small);
}

TEST_CASE("restore job: a full disk ends it and says how much is missing") {
  rig with;
  fill(with);
  with.plan();
  REQUIRE(with.tree->build());
  with.root("/new").set_capacity(1 << 20);
  const auto restored = with.copy();
  REQUIRE(!restored);
  CHECK(restored.failure().code == errc::file_write);
  CHECK(restored.failure().hint.find("missing: at least") != std::string::npos);
}

TEST_CASE("restore job: pg_control comes under a name of its own, and last") {
  rig with;
  with.add("pg_data/global/pg_control", content_of(8192, 'c'));
  with.backup.options.online = false;
  with.plan();
  REQUIRE(with.restore());
  auto& data = with.root("/new");
  CHECK(!data.content("global/pg_control"));
  CHECK(data.content("global/pg_control.pgbackrest.tmp"));
  REQUIRE(place_control_file(*with.tree, *with.where, with.backup, *with.owners));
  CHECK(data.content("global/pg_control") == content_of(8192, 'c'));
  CHECK(!data.content("global/pg_control.pgbackrest.tmp"));
}

TEST_CASE("restore job: a pg_control that somebody else wrote does not get its name") {
  rig with;
  with.add("pg_data/global/pg_control", content_of(8192, 'c'));
  with.backup.options.online = false;
  with.plan();
  REQUIRE(with.restore());
  auto& data = with.root("/new");
  for (const auto& other : {content_of(8192, 'd'), std::string("x\n"), content_of(9000, 'c')}) {
    test::hostile("stored files that are damaged or expand");
    REQUIRE(write_all(data, "global/pg_control.pgbackrest.tmp", other));
    CHECK_FALSE(place_control_file(*with.tree, *with.where, with.backup, *with.owners));
    CHECK_FALSE(data.content("global/pg_control"));
  }
}

TEST_CASE("restore job: the file that is renamed to pg_control is the one that was checked") {
  test::hostile("stored files that are damaged or expand");
  rig with;
  with.add("pg_data/global/pg_control", content_of(8192, 'c'));
  with.backup.options.online = false;
  with.plan();
  REQUIRE(with.restore());
  auto& data = with.root("/new");
  unsigned reads = 0;
  data.set_hook([&](storage_verb verb, std::string_view path) -> std::optional<error> {
    if (verb == storage_verb::open_read && path == "global/pg_control.pgbackrest.tmp" &&
        ++reads == 2)
      CHECK(write_all(data, path, "another", {.how = publish::in_place}));
    return {};
  });
  CHECK_FALSE(place_control_file(*with.tree, *with.where, with.backup, *with.owners));
  CHECK_FALSE(data.content("global/pg_control"));
}

TEST_CASE("restore job: the marker of a restore is not overwritten by what the backup has") {
  rig with;
  with.add("pg_data/PG_VERSION", "15\n");
  with.add("pg_data/backup.manifest", "of another restore");
  with.plan();
  REQUIRE(with.tree->build_data());
  REQUIRE(write_marker(*with.tree, with.backup, *with.owners));
  const auto mark = with.root("/new").content("backup.manifest");
  REQUIRE(with.restore());
  CHECK(with.root("/new").content("backup.manifest") == mark);
}
