// Files that one repository cannot give, and another one that has the same backup can.
// SPDX-License-Identifier: MIT
#include "tests/hostile.hpp"
#include "tests/unit/actors/restore/whole_rig.hpp"

using namespace pgbraid;
using namespace pgbraid::restore_test;

namespace {

constexpr auto data_file = "backup/demo/20261121-231250F/pg_data/base/5/112";

/// The same backup in repo2, stored in another way: zst, its own passphrase, bundles.
struct second_repository : whole_rig {
  second_repository() {
    backup.files.clear();
    backup.options.compress_kind = compress_type::zst;
    backup.cipher_pass = secret("of the files in repo2");
    backup.bundle = true;
    add("pg_data/PG_VERSION", "15\n", 1);
    add("pg_data/base/5/112", content_of(20000, 's'), 1);
    add("pg_data/global/pg_control", control_of_15());
    add("pg_data/postgresql.auto.conf", "work_mem = '8MB'\n", 1);
    add("pg_tblspc/16384/PG_15_202209061/5/16390", content_of(16384, 't'));
  }
};

struct two_repositories {
  second_repository second;
  whole_rig with;
  bool fuse = true;

  /// To be called when the manifests are as they should be.
  void publish() {
    with.publish();
    second.publish();
    with.from.push_back(whole_rig::door(2, second.repository));
  }
  result<restored_backup> run() {
    auto ends = with.ends();
    ends.compile = [compile = ends.compile, fuse = fuse](const auto& drawn, const auto& use) {
      auto out = compile(drawn, use);
      out.fuse = fuse;
      return out;
    };
    return restore_cluster(with.wanted, ends);
  }
  void check_restored(const result<restored_backup>& done, uint64_t from_second) {
    if (!done)
      FAIL(done.failure().text());
    CHECK(done->files == 5);
    CHECK(with.root("/new").content("PG_VERSION") == "15\n");
    CHECK(with.root("/new").content("base/5/112") == content_of(20000, 's'));
    CHECK(with.root("/new").content("global/pg_control").value_or("").size() == 8192);
    CHECK(with.root("/space").content("PG_15_202209061/5/16390") == content_of(16384, 't'));
    REQUIRE(done->reminders.size() == (from_second == 0 ? 0 : 1));
    if (from_second != 0)
      CHECK(done->reminders[0].starts_with(std::to_string(from_second) + " file(s)"));
  }
  errc refusal() {
    const auto done = run();
    REQUIRE(!done);
    CHECK(!with.root("/new").content("global/pg_control"));
    return done.failure().code;
  }
};

} // namespace

TEST_CASE("other copies: what is damaged, cut off or gone in one repository comes from another") {
  test::hostile("stored files that are damaged or expand", 6);
  for (const bool fuse : {true, false}) {
    CAPTURE(fuse);
    {
      two_repositories both;
      both.fuse = fuse;
      both.publish();
      both.check_restored(both.run(), 0);
    }
    for (const std::string damage : {"changed", "short", "long", "gone"}) {
      CAPTURE(damage);
      two_repositories both;
      both.fuse = fuse;
      both.publish();
      auto content = content_of(20000, 's');
      if (damage == "changed")
        content[100] ^= 1;
      content.resize(damage == "short" ? 100 : damage == "long" ? 30000 : 20000, 'x');
      both.with.put(data_file, content);
      if (damage == "gone")
        REQUIRE(both.with.repository.remove_file(data_file));
      // What is longer than the manifest says is not read to its end.
      both.check_restored(both.run(), damage == "long" ? 0 : 1);
    }
  }
}

TEST_CASE("other copies: containers that cannot be opened, each in a lane beside good ones") {
  for (const bool fuse : {true, false}) {
    two_repositories both;
    both.fuse = fuse;
    // The other way round: the encrypted one comes first and is damaged in the middle.
    auto& sealed = both.second;
    sealed.publish();
    both.with.publish();
    const auto path = "backup/demo/20261121-231250F/pg_tblspc/16384/PG_15_202209061/5/16390.zst";
    auto stored = sealed.repository.content(path);
    REQUIRE(stored);
    for (size_t i = 30; i < stored->size(); i += 3)
      (*stored)[i] ^= 0x55;
    sealed.put(path, *stored);
    auto bundle = sealed.repository.content("backup/demo/20261121-231250F/bundle/1");
    REQUIRE(bundle);
    std::fill(bundle->begin(), bundle->end(), 'x');
    sealed.put("backup/demo/20261121-231250F/bundle/1", *bundle);
    both.with.from = {whole_rig::door(1, sealed.repository),
                      whole_rig::door(2, both.with.repository)};
    both.check_restored(both.run(), 4);
  }
}

TEST_CASE("other copies: a repository that goes away is left, and a manifest is read elsewhere") {
  {
    two_repositories both;
    both.publish();
    both.with.repository.set_hook([](storage_verb verb, std::string_view path) {
      const bool data = path.find("F/pg_") != std::string_view::npos;
      return verb == storage_verb::open_read && data
                 ? std::optional(error{errc::host_connect, "no route to host"})
                 : std::nullopt;
    });
    both.check_restored(both.run(), 5);
  }
  two_repositories both;
  both.publish();
  for (const auto* name : {"backup.manifest", "backup.manifest.copy"})
    REQUIRE(both.with.repository.remove_file("backup/demo/20261121-231250F/" + std::string(name)));
  both.check_restored(both.run(), 0);
}

TEST_CASE("other copies: a file that nobody has fails as it does with one repository") {
  two_repositories both;
  both.publish();
  both.with.put(data_file, content_of(20000, 'x'));
  REQUIRE(both.second.repository.remove_file("backup/demo/20261121-231250F/bundle/1"));
  CHECK(both.refusal() == errc::checksum);
}

TEST_CASE("other copies: another backup, or another file, is never taken") {
  const auto refused = [](auto change) {
    two_repositories both;
    change(both.second.backup);
    both.publish();
    both.with.put(data_file, content_of(20000, 'x'));
    return both.refusal();
  };
  CHECK(refused([](format::manifest& of) { of.system_id = 78; }) == errc::checksum);
  CHECK(refused([](format::manifest& of) { of.lsn_stop = "0/7000139"; }) == errc::checksum);
  CHECK(refused([](format::manifest& of) { of.lsn_start = "0/5000029"; }) == errc::checksum);
  CHECK(refused([](format::manifest& of) {
          for (auto& file : of.files)
            file.checksum[0] ^= std::byte(1);
        }) == errc::checksum);
  CHECK(refused([](format::manifest& of) {
          for (auto& file : of.files)
            file.size_bytes += 1;
        }) == errc::checksum);
}
