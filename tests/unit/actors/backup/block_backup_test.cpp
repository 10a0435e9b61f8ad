// Chains of backups in blocks: what other hosts pack is what this one would have packed.
// SPDX-License-Identifier: MIT
#include "storage/repository/block_map_file.hpp"
#include "tests/unit/actors/backup/backup_rig.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

constexpr size_t block = 8192;

std::string file_at(const cluster_rig& with, unsigned number) {
  return with.data + "/base/5/" + std::to_string(number);
}

void change_block(const std::string& path, size_t number, char to) {
  auto content = get(path);
  std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(number * block), block, to);
  put(path, content);
}

struct rig : cluster_rig {
  std::unique_ptr<made_backup> back_up(const backup_wish& wish, std::vector<backup_source> from,
                                       bool fall_back = false,
                                       const std::function<void()>& after_walk = {}) const {
    auto walked = walk(wish.checksum_page);
    auto files = cluster_files::open(walked, open_posix);
    REQUIRE(files);
    for (auto& one : from)
      if (!one.host)
        one.local = &*files;
    if (after_walk)
      after_walk();
    auto made = run_backup(*this, wish, std::move(from), *files, std::move(walked), fall_back);
    if (!made->outcome)
      FAIL(made->outcome.failure().text());
    return made;
  }
  std::unique_ptr<made_backup> here(const backup_wish& wish,
                                    const std::function<void()>& after_walk = {}) const {
    return back_up(wish, {{.name = "pg1"}}, false, after_walk);
  }
  std::unique_ptr<made_backup> there(const backup_wish& wish,
                                     const std::function<void()>& after_walk = {}) const {
    data_host other(data);
    return back_up(wish, {{.name = "pg1 host 'there'", .host = other.there.connect()}}, false,
                   after_walk);
  }
  /// Blocks that change, files that grow, shrink, come and go.
  void change() const {
    change_block(file_at(*this, 20000), 3, 'a');
    change_block(file_at(*this, 20000), 200, 'b');
    change_block(file_at(*this, 10006), 1, 'c');
    put(file_at(*this, 10005), get(file_at(*this, 10005)) + pages(5, 1));
    put(file_at(*this, 10013), get(file_at(*this, 10013)).substr(0, 3 * block));
    put(file_at(*this, 20001), get(file_at(*this, 20001)).substr(0, 100 * block + 17));
    put(file_at(*this, 40000), pages(9, 3));
    std::filesystem::remove(file_at(*this, 10004));
  }
};

format::block_map map_of(made_backup& made, const format::manifest_file& file) {
  auto map = load_block_map(made.files, "demo", made.manifest, file, nullptr);
  if (!map)
    FAIL(std::string(file.name), ": ", map.failure().text());
  return std::move(*map);
}

/// The content that the maps and super blocks of a backup have for a file.
/// @param files  those that were read so far
std::string put_together(made_backup& made, const format::manifest_file& file,
                         std::map<std::string, std::string>& files) {
  std::string out;
  for (const auto& run : map_of(made, file).runs) {
    const auto path = format::block_file_path("demo", made.manifest.references[run.reference],
                                              file.name, run.bundle_id);
    auto& all = files[path];
    if (all.empty())
      all = made.files.content(path).value_or("");
    const auto stored = as_bytes(all).subspan(run.offset_bytes, run.stored_bytes);
    std::vector<std::byte> bytes(stored.begin(), stored.end());
    if (!made.manifest.cipher_pass.empty()) {
      const auto decrypt = codec::make_decrypt(made.manifest.cipher_pass.view(), true);
      auto opened = codec::transform_all(*decrypt, bytes, 1 << 20);
      REQUIRE(opened);
      bytes = std::move(*opened);
    }
    if (const auto unpack = codec::make_decompress(made.manifest.options.compress_kind, true)) {
      auto opened = codec::transform_all(*unpack, bytes, run.plain_bytes);
      REQUIRE(opened);
      bytes = std::move(*opened);
    }
    REQUIRE(bytes.size() == run.plain_bytes);
    out += as_text(bytes).substr(run.first_block * block, run.blocks * block);
  }
  return out;
}

size_t check_content(const rig& with, made_backup& made) {
  size_t in_blocks = 0;
  std::map<std::string, std::string> files;
  for (const auto& file : made.manifest.files) {
    CAPTURE(std::string(file.name));
    if (!file.is_block_incremental())
      continue;
    ++in_blocks;
    const auto content = get(cluster_file_path(made.manifest, file.name));
    CHECK((put_together(made, file, files) == content.substr(0, file.size_bytes)));
    CHECK(file.checksum == codec::sha1_of(as_bytes(content.substr(0, file.size_bytes))));
    CHECK(file.repo_checksum == codec::sha1_of(as_bytes(made.stored(file))));
  }
  static_cast<void>(with);
  return in_blocks;
}

void check_same(made_backup& one, made_backup& other) {
  REQUIRE(one.manifest.files.size() == other.manifest.files.size());
  for (size_t i = 0; i < one.manifest.files.size(); ++i) {
    const auto& a = one.manifest.files[i];
    const auto& b = other.manifest.files[i];
    CAPTURE(std::string(a.name));
    CHECK(a.name == b.name);
    CHECK(a.size_bytes == b.size_bytes);
    CHECK(a.checksum == b.checksum);
    CHECK(a.reference == b.reference);
    CHECK(a.repo_size_bytes == b.repo_size_bytes);
    CHECK(a.bundle_id == b.bundle_id);
    CHECK(a.bundle_offset_bytes == b.bundle_offset_bytes);
    CHECK(a.rare->block_size_bytes == b.rare->block_size_bytes);
    CHECK(a.rare->block_map_size_bytes == b.rare->block_map_size_bytes);
    CHECK(a.pages == b.pages);
    if (a.is_block_incremental() && b.is_block_incremental())
      CHECK(map_of(one, a) == map_of(other, b));
    if (one.manifest.cipher_pass.empty() && (a.size_bytes > 0 || !one.manifest.bundle)) {
      CHECK(a.repo_checksum == b.repo_checksum);
      CHECK((one.stored(a) == other.stored(b)));
    }
  }
}

uint64_t own_bytes(const made_backup& made) {
  uint64_t out = 0;
  for (const auto& file : made.manifest.files)
    if (file.reference == format::none_index)
      out += file.stored_bytes();
  return out;
}

} // namespace

namespace {

struct packing {
  compress_type type;
  bool encrypted;
  bool bundle;
  bool fuse;
};
/// Each value of each of them, and each two of them together, but for blocks that are neither
/// encrypted nor taken one step after the other.
constexpr packing packings[] = {
    {compress_type::none, false, false, true}, {compress_type::none, true, true, false},
    {compress_type::zst, true, false, true},   {compress_type::zst, false, true, true},
    {compress_type::zst, true, false, false},  {compress_type::lz4, true, true, true},
    {compress_type::lz4, false, false, true}};

} // namespace

TEST_CASE("block backup: chains made elsewhere are those made here, for each way of packing") {
  for (const auto& how : packings) {
    CAPTURE(compress_type_name(how.type));
    CAPTURE(how.encrypted);
    CAPTURE(how.bundle);
    CAPTURE(how.fuse);
    const rig with;
    backup_wish wish{how.type, how.encrypted, how.bundle, how.fuse};
    wish.blocks = true;
    const auto full_here = with.here(wish);
    const auto full_there = with.there(wish);
    check_same(*full_here, *full_there);
    CHECK(check_content(with, *full_there) > 50);
    with.change();
    wish.delta = true;
    wish.prior = &*full_here;
    const auto incr_here = with.here(wish);
    wish.prior = &*full_there;
    const auto incr_there = with.there(wish);
    check_same(*incr_here, *incr_there);
    check_content(with, *incr_there);
    CHECK(own_bytes(*incr_there) < own_bytes(*full_there) / 10);
    // Nothing changed: all of it refers.
    wish.prior = &*incr_there;
    CHECK(own_bytes(*with.there(wish)) < 3 * block);
  }
}

TEST_CASE("block backup: the page check is of the same pass") {
  const rig with;
  const backup_wish wish{.compression = compress_type::zst, .checksum_page = true, .blocks = true};
  const auto made = with.there(wish);
  const auto* file = made->manifest.find_file("pg_data/base/5/20000");
  REQUIRE(file);
  CHECK(file->is_block_incremental());
  REQUIRE(file->rare->page_errors != format::none_index);
  CHECK(made->manifest.page_errors[file->rare->page_errors] ==
        std::vector<format::page_range>{{0, 399}});
  check_same(*with.here(wish), *made);
}

TEST_CASE("block backup: files that vanish, are cut and grow between walk and copy") {
  for (const bool bundle : {false, true}) {
    CAPTURE(bundle);
    const rig with;
    backup_wish wish{.compression = compress_type::zst, .bundle = bundle, .blocks = true};
    const auto full = with.there(wish);
    const auto meanwhile = [&] {
      std::filesystem::remove(file_at(with, 10003));
      std::filesystem::remove(file_at(with, 20001));
      put(file_at(with, 10005), "");
      put(file_at(with, 10006), get(file_at(with, 10006)).substr(0, block + 5));
      put(file_at(with, 10012), get(file_at(with, 10012)) + rig::pages(90, 2));
      put(with.data + "/PG_VERSION", noise(300000, 4)); // was not in blocks, and is not yet
    };
    wish.prior = &*full;
    wish.delta = true;
    const auto made = with.there(wish, meanwhile);
    check_content(with, *made);
    CHECK_FALSE(made->manifest.find_file("pg_data/base/5/10003"));
    CHECK_FALSE(made->manifest.find_file("pg_data/base/5/20001"));
    CHECK(made->manifest.find_file("pg_data/base/5/10005")->size_bytes == 0);
    CHECK_FALSE(made->manifest.find_file("pg_data/base/5/10005")->is_block_incremental());
    CHECK(made->manifest.find_file("pg_data/base/5/10006")->size_bytes == block + 5);
    const auto* grown = made->manifest.find_file("pg_data/base/5/10012");
    CHECK(grown->size_bytes == grown->original_size_bytes()); // up to the size of the walk
    CHECK(grown->reference == 0);                             // where it is as before
  }
}

TEST_CASE("block backup: a file that is no relation grows beyond what small files may") {
  const rig with;
  put(with.data + "/log", rig::pages(5, 1));
  const backup_wish wish{.bundle = true, .blocks = true};
  // 8000 new blocks: nobody told of room for so many.
  const auto made = with.there(wish, [&] { put(with.data + "/log", rig::pages(8000, 1)); });
  check_content(with, *made);
  CHECK(made->manifest.find_file("pg_data/log")->size_bytes == 8000 * block);
}

TEST_CASE("block backup: broken connections are made again, and nothing is lost") {
  for (const bool bundle : {false, true})
    for (const bool fuse : {true, false}) {
      CAPTURE(bundle);
      CAPTURE(fuse);
      const rig with;
      backup_wish wish{.compression = compress_type::lz4, .bundle = bundle, .fuse = fuse};
      wish.blocks = true;
      const auto full = with.here(wish);
      with.change();
      wish.delta = true;
      wish.prior = &*full;
      data_host other(with.data);
      other.cut_at = 2;
      other.cut_every = 4;
      const auto made = with.back_up(wish, {{.name = "pg1", .host = other.there.connect()}});
      check_content(with, *made);
      CHECK(other.there.dialled() > 2);
      CHECK(own_bytes(*made) < own_bytes(*full) / 10);
    }
}

TEST_CASE("block backup: the work of a lost standby moves on, to another host or to this one") {
  for (const bool last_one : {false, true})
    for (const bool local_primary : {false, true}) {
      CAPTURE(last_one);
      CAPTURE(local_primary);
      const rig with;
      backup_wish wish{.compression = compress_type::gz, .bundle = local_primary};
      wish.blocks = true;
      const auto full = with.here(wish);
      with.change();
      wish.delta = true;
      wish.prior = &*full;
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
      const auto made = with.back_up(wish, std::move(from), true);
      check_content(with, *made);
      CHECK(made->sources->is_dropped(1));
      CHECK(own_bytes(*made) < own_bytes(*full) / 10);
    }
}

TEST_CASE("block backup: without the prior map all blocks are stored anew") {
  const rig with;
  backup_wish wish{.blocks = true};
  const auto full = with.there(wish);
  const auto* before = full->manifest.find_file("pg_data/base/5/20000");
  const auto path = format::stored_file_path("demo", full->manifest, *before);
  REQUIRE(full->files.remove_file(path));
  with.change();
  wish.delta = true;
  wish.prior = &*full;
  const auto made = with.there(wish);
  const auto* file = made->manifest.find_file("pg_data/base/5/20000");
  CHECK(file->stored_bytes() > 400 * block);
  std::map<std::string, std::string> files;
  CHECK((put_together(*made, *file, files) == get(file_at(with, 20000))));
}
