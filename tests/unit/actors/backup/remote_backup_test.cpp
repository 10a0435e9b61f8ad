// Backups of files on other hosts: the same bytes, whatever happens on the way.
// SPDX-License-Identifier: MIT
#include "tests/unit/actors/backup/backup_rig.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

struct rig : cluster_rig {
  std::unique_ptr<made_backup> local(const backup_wish& wish) {
    auto walked = walk(wish.checksum_page);
    auto files = cluster_files::open(walked, open_posix);
    REQUIRE(files);
    return run_backup(*this, wish, {{.name = "pg1", .local = &*files}}, *files, std::move(walked));
  }
  std::unique_ptr<made_backup> remote(const backup_wish& wish, std::vector<backup_source> from,
                                      bool fall_back = false) {
    auto walked = walk(wish.checksum_page);
    auto files = cluster_files::open(walked, open_posix);
    REQUIRE(files);
    for (auto& one : from)
      if (!one.host)
        one.local = &*files;
    return run_backup(*this, wish, std::move(from), *files, std::move(walked), fall_back);
  }
  std::unique_ptr<made_backup> remote(const backup_wish& wish) {
    data_host other(data);
    return remote(wish, {{.name = "pg1 host 'there'", .host = other.there.connect()}});
  }
};

void check_plain(const rig& with, const made_backup& made) {
  for (const auto& file : made.manifest.files) {
    CAPTURE(std::string(file.name));
    if (file.size_bytes == 0 && made.manifest.bundle)
      continue; // in no batch: the manifest says all about it
    CHECK(file.has_checksum);
    const auto content = get(cluster_file_path(made.manifest, file.name));
    CHECK((made.plain(file) == content));
    CHECK(file.checksum == codec::sha1_of(as_bytes(content)));
    const auto stored = made.stored(file);
    if (file.has_repo_checksum)
      CHECK(file.repo_checksum == codec::sha1_of(as_bytes(stored)));
  }
  static_cast<void>(with);
}

void check_same(const made_backup& one, const made_backup& other) {
  REQUIRE(one.manifest.files.size() == other.manifest.files.size());
  for (size_t i = 0; i < one.manifest.files.size(); ++i) {
    const auto& a = one.manifest.files[i];
    const auto& b = other.manifest.files[i];
    CAPTURE(std::string(a.name));
    CHECK(a.name == b.name);
    CHECK(a.size_bytes == b.size_bytes);
    CHECK(a.checksum == b.checksum);
    CHECK(a.has_repo_checksum == b.has_repo_checksum);
    CHECK(a.bundle_id == b.bundle_id);
    CHECK(a.pages == b.pages);
    if (one.manifest.cipher_pass.empty()) {
      CHECK(a.repo_checksum == b.repo_checksum);
      CHECK(a.repo_size_bytes == b.repo_size_bytes);
      CHECK(a.bundle_offset_bytes == b.bundle_offset_bytes);
      if (a.size_bytes > 0 || !one.manifest.bundle)
        CHECK((one.stored(a) == other.stored(b)));
    }
  }
  CHECK(one.manifest.page_errors == other.manifest.page_errors);
}

void require(const result<void>& done) {
  if (!done)
    FAIL(done.failure().text());
}

} // namespace

TEST_CASE("remote backup: the same bytes as a local one, for every way of packing") {
  rig with;
  for (const auto type :
       {compress_type::none, compress_type::gz, compress_type::lz4, compress_type::zst})
    for (const bool encrypted : {false, true})
      for (const bool bundle : {false, true})
        for (const bool fuse : {true, false}) {
          if (!fuse && type != compress_type::none && type != compress_type::zst)
            continue;
          CAPTURE(compress_type_name(type));
          CAPTURE(encrypted);
          CAPTURE(bundle);
          CAPTURE(fuse);
          const backup_wish wish{type, encrypted, bundle, fuse};
          const auto local = with.local(wish);
          require(local->outcome);
          const auto remote = with.remote(wish);
          require(remote->outcome);
          check_plain(with, *remote);
          check_same(*local, *remote);
        }
}

TEST_CASE("remote backup: what the page check finds arrives") {
  rig with;
  const backup_wish wish{.compression = compress_type::lz4, .checksum_page = true};
  const auto local = with.local(wish);
  const auto remote = with.remote(wish);
  require(remote->outcome);
  const auto* file = remote->manifest.find_file("pg_data/base/5/20000");
  REQUIRE(file);
  CHECK(file->pages == format::page_check::broken);
  REQUIRE(file->rare->page_errors != format::none_index);
  CHECK(remote->manifest.page_errors[file->rare->page_errors] ==
        std::vector<format::page_range>{{0, 399}});
  // Not a multiple of the page size: no list, but broken all the same.
  CHECK(remote->manifest.find_file("pg_data/base/5/20001")->pages == format::page_check::broken);
  for (size_t i = 0; i < remote->manifest.files.size(); ++i)
    CHECK(remote->manifest.files[i].pages == local->manifest.files[i].pages);
}

TEST_CASE("backup: bad pages are counted, or end it") {
  rig with;
  for (const bool fatal : {false, true}) {
    const backup_wish wish{.checksum_page = true, .page_errors_end_it = fatal};
    const auto made = with.local(wish);
    if (!fatal) {
      require(made->outcome);
      CHECK(made->page_warnings > 2);
      continue;
    }
    REQUIRE_FALSE(made->outcome);
    CHECK(made->outcome.failure().code == errc::checksum);
    CHECK(made->outcome.failure().message.find("/base/5/") != std::string::npos);
  }
}

TEST_CASE("backup: a directory that went away with its files is told, here and from elsewhere") {
  for (const bool bundle : {false, true})
    for (const bool remote : {false, true}) {
      CAPTURE(bundle);
      CAPTURE(remote);
      rig with;
      data_host other(with.data);
      auto walked = with.walk(false);
      auto files = cluster_files::open(walked, open_posix);
      REQUIRE(files);
      std::filesystem::remove(with.data + "/base/5/10003");
      std::filesystem::remove_all(with.data + "/pg_xact");
      std::filesystem::remove_all(with.place / (std::string("space/") + catalog_directory));
      backup_source from{.name = "pg1"};
      if (remote)
        from.host = other.there.connect();
      else
        from.local = &*files;
      const auto made = run_backup(with, {.bundle = bundle}, {from}, *files, std::move(walked));
      require(made->outcome);
      CHECK(made->gone_paths ==
            std::set<std::string>{"pg_data/pg_xact",
                                  std::string("pg_tblspc/16384/") + catalog_directory + "/5"});
    }
}

TEST_CASE("remote backup: files that vanish, empty and grow between walk and copy") {
  for (const bool bundle : {false, true}) {
    CAPTURE(bundle);
    rig with;
    data_host other(with.data);
    auto walked = with.walk(false);
    auto files = cluster_files::open(walked, open_posix);
    REQUIRE(files);
    std::filesystem::remove(with.data + "/base/5/10003");
    std::filesystem::remove(with.data + "/base/5/20001");
    put(with.data + "/base/5/10005", "");
    put(with.data + "/PG_VERSION", noise(300000, 4)); // read to its end, and no small file any more
    put(with.data + "/base/5/10006", noise(300000, 4)); // read up to the size of the walk
    const backup_wish wish{.compression = compress_type::zst, .bundle = bundle};
    const auto remote = run_backup(with, wish, {{.name = "pg1", .host = other.there.connect()}},
                                   *files, std::move(walked));
    require(remote->outcome);
    CHECK_FALSE(remote->manifest.find_file("pg_data/base/5/10003"));
    CHECK_FALSE(remote->manifest.find_file("pg_data/base/5/20001"));
    CHECK_FALSE(remote->files.content("backup/demo/20260101-000000F/pg_data/base/5/20001.zst"));
    CHECK(remote->manifest.find_file("pg_data/base/5/10005")->size_bytes == 0);
    const auto* version = remote->manifest.find_file("pg_data/PG_VERSION");
    CHECK(version->size_bytes == 300000);
    CHECK((remote->plain(*version) == noise(300000, 4)));
    const auto* relation = remote->manifest.find_file("pg_data/base/5/10006");
    CHECK(relation->size_bytes == relation->original_size_bytes());
    CHECK((remote->plain(*relation) == noise(300000, 4).substr(0, relation->size_bytes)));
  }
}

TEST_CASE("remote backup: a file that cannot be read ends it with the error of its host") {
  rig with;
  data_host other(with.data);
  auto walked = with.walk(false);
  auto files = cluster_files::open(walked, open_posix);
  REQUIRE(files);
  std::filesystem::remove(with.data + "/base/5/20001");
  std::filesystem::create_directory(with.data + "/base/5/20001");
  const auto remote = run_backup(with, {}, {{.name = "pg1", .host = other.there.connect()}}, *files,
                                 std::move(walked));
  REQUIRE_FALSE(remote->outcome);
  CHECK((remote->outcome.failure().code == errc::file_open ||
         remote->outcome.failure().code == errc::file_read));
  CHECK(remote->outcome.failure().message.find("'there'") != std::string::npos);
}

TEST_CASE("remote backup: broken connections are made again, and nothing is lost") {
  for (const bool bundle : {false, true})
    for (const bool fuse : {true, false}) {
      CAPTURE(bundle);
      CAPTURE(fuse);
      rig with;
      data_host other(with.data);
      other.cut_at = 2;
      other.cut_every = 4;
      const backup_wish wish{.compression = compress_type::lz4, .bundle = bundle, .fuse = fuse};
      const auto remote = with.remote(wish, {{.name = "pg1", .host = other.there.connect()}});
      require(remote->outcome);
      check_plain(with, *remote);
      CHECK(other.there.dialled() > 2);
    }
}

TEST_CASE("remote backup: a host that is gone ends it") {
  rig with;
  data_host other(with.data);
  other.cut_at = 2;
  other.stays_away = true;
  const auto remote =
      with.remote({}, {{.name = "pg1 host 'there'", .host = other.there.connect()}});
  REQUIRE_FALSE(remote->outcome);
  CHECK(remote->outcome.failure().message.starts_with("pg1 host 'there': "));
}

TEST_CASE("remote backup: files are spread over all standbys, others come from the primary") {
  rig with;
  data_host primary(with.data);
  data_host second(with.data);
  data_host third(with.data);
  const backup_wish wish{.compression = compress_type::zst, .bundle = true};
  const auto remote =
      with.remote(wish, {{.name = "primary", .host = primary.there.connect()},
                         {.name = "a", .standby = true, .host = second.there.connect()},
                         {.name = "b", .standby = true, .host = third.there.connect()}});
  require(remote->outcome);
  check_plain(with, *remote);
  check_same(*with.local(wish), *remote);
  for (size_t i = 0; i < 3; ++i)
    CHECK(remote->sources->done(i).files > 0);
  CHECK(remote->sources->done(0).files <= 3); // PG_VERSION, the configuration, the odd one
}

TEST_CASE("remote backup: the work of a lost standby moves on") {
  for (const bool last_one : {false, true})
    for (const bool local_primary : {false, true}) {
      CAPTURE(last_one);
      CAPTURE(local_primary);
      rig with;
      data_host primary(with.data);
      data_host lost(with.data);
      data_host other(with.data);
      lost.cut_at = 2;
      lost.stays_away = true;
      std::vector<backup_source> from;
      from.push_back({.name = "primary"});
      if (!local_primary)
        from.back().host = primary.there.connect();
      from.push_back({.name = "a", .standby = true, .host = lost.there.connect()});
      if (!last_one)
        from.push_back({.name = "b", .standby = true, .host = other.there.connect()});
      const backup_wish wish{.compression = compress_type::gz, .bundle = local_primary};
      const auto remote = with.remote(wish, std::move(from), true);
      require(remote->outcome);
      check_plain(with, *remote);
      CHECK(remote->sources->is_dropped(1));
    }
}

TEST_CASE("remote backup: the last standby is not replaced where that is not wanted") {
  rig with;
  data_host lost(with.data);
  lost.cut_at = 2;
  lost.stays_away = true;
  const auto remote = with.remote(
      {}, {{.name = "primary"}, {.name = "a", .standby = true, .host = lost.there.connect()}},
      false);
  REQUIRE_FALSE(remote->outcome);
  CHECK(remote->outcome.failure().message.starts_with("a: "));
}

TEST_CASE(
    "remote backup: more lanes than the other host has, and files larger than what is on its way") {
  rig with;
  for (unsigned i = 0; i < 12; ++i)
    put(with.data + "/base/5/" + std::to_string(30000 + i), noise(6000000, 100 + i));
  data_host other(with.data);
  const backup_wish wish{.workers_per_link = 1};
  const auto made = with.remote(
      wish, {{.name = "pg1 host 'there'", .host = other.there.connect(/*links_max=*/0)}});
  require(made->outcome);
  check_plain(with, *made);
}
