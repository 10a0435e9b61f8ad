// Files in blocks out of a repository: every container, two backups, damage, and delta.
// SPDX-License-Identifier: MIT
#include "engine/codec/block_checksum.hpp"
#include "engine/format/block_map.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/actors/restore/rig.hpp"

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::restore_test;

namespace {

using outcome = restore_task::outcome;
using format::block_run;

constexpr const char* class_of_files = "stored files that are damaged or expand";
constexpr uint64_t block = 8192;
constexpr std::string_view full = "20261120-000000F";
constexpr std::string_view name = "pg_data/base/5/112";

/// A file of 5 blocks and a bit: a full backup stored all of it, the backup that is restored has
/// blocks 1 and 4 of its own.
struct blocks_rig : rig {
  std::string content = content_of(5 * block + 1000, 'b');
  bool bundled = true;

  blocks_rig() {
    backup.block_incremental = true;
    backup.references = {std::string(full), backup.label};
  }

  std::string seal(std::string_view plain) const {
    if (backup.cipher_pass.empty())
      return std::string(plain);
    const auto encrypt = codec::make_encrypt(backup.cipher_pass.view(), {.raw = true});
    const auto bytes = codec::transform_all(*encrypt, as_bytes(plain), 1 << 20);
    REQUIRE(bytes);
    return std::string(as_text(*bytes));
  }

  /// A super block of neighbours, put behind what is there.
  void store(std::string& to, uint32_t reference, uint64_t first, uint64_t count,
             std::vector<block_run>& runs) const {
    const auto plain = content.substr(first * block, count * block);
    const auto stored = pack(plain, true);
    runs.push_back({.bundle_id = bundled ? 7U : 0U,
                    .offset_bytes = to.size(),
                    .stored_bytes = stored.size(),
                    .plain_bytes = plain.size(),
                    .reference = reference});
    to += stored;
  }

  std::string map_text() const {
    format::block_map map{
        .shape = {.file_bytes = content.size(), .block_bytes = block, .reference_count = 2}};
    std::vector<block_run> order = {old_[0], own_[0], old_[0], own_[1], old_[1]};
    const uint32_t first[] = {0, 0, 2, 0, 1};
    const uint32_t count[] = {1, 1, 2, 1, 1};
    uint64_t at = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      order[i].first_block = first[i];
      order[i].blocks = count[i];
      std::vector<std::byte> sums;
      for (uint32_t k = 0; k < count[i]; ++k, ++at) {
        const auto sum = codec::block_sum_of(as_bytes(content).subspan(
            at * block, std::min<uint64_t>(block, content.size() - at * block)));
        sums.insert(sums.end(), sum.begin(), sum.begin() + 6);
      }
      map.append(order[i], sums);
    }
    return std::string(as_text(render(map)));
  }

  std::string own_path() const {
    return format::block_file_path("demo", backup.label, name, bundled ? 7 : 0);
  }
  std::string old_path() const {
    return format::block_file_path("demo", full, name, bundled ? 7 : 0);
  }

  /// Stores both, and the entry.
  void fill() {
    old_.clear();
    own_.clear();
    std::string older = bundled ? "others" : "";
    store(older, 0, 0, 4, old_);
    store(older, 0, 4, 2, old_);
    put(old_path(), older);
    std::string own = bundled ? "before" : "";
    const auto begin = own.size();
    store(own, 1, 1, 1, own_);
    store(own, 1, 4, 1, own_);
    const auto map = seal(map_text());
    own += map;
    put(own_path(), own + (bundled ? "behind" : ""));
    auto& file = plan_test::add_file(backup, name, content.size());
    file.checksum = codec::sha1_of(as_bytes(content));
    file.has_checksum = file.has_repo_size = true;
    file.mtime_s = 500;
    file.repo_size_bytes = own.size() - begin;
    backup.set_rare(file, {.block_map_size_bytes = map.size(), .block_size_bytes = block});
    file.bundle_id = bundled ? 7 : 0;
    file.bundle_offset_bytes = begin;
  }

  std::optional<std::string> restored() { return root("/new").content("base/5/112"); }

private:
  std::vector<block_run> old_;
  std::vector<block_run> own_;
};

} // namespace

TEST_CASE("block restore: every container, bundled and alone") {
  for (const auto type : all_compress_types)
    for (const bool encrypted : {false, true})
      for (const bool bundled : {false, true}) {
        CAPTURE(compress_type_name(type));
        CAPTURE(encrypted);
        CAPTURE(bundled);
        blocks_rig with;
        with.backup.options.compress_kind = type;
        with.backup.bundle = with.bundled = bundled;
        with.backup.bundle_raw = true;
        if (encrypted)
          with.backup.cipher_pass = secret("pass");
        with.fill();
        with.add("pg_data/PG_VERSION", "15\n", bundled ? 1 : 0);
        with.plan();
        const auto done = with.restore();
        if (!done)
          FAIL(done.failure().text());
        CHECK(with.restored() == with.content);
        CHECK(with.root("/new").content("PG_VERSION") == "15\n");
        const auto info = with.root("/new").info("base/5/112");
        REQUIRE((info && *info));
        CHECK((*info)->mode == 0600);
        CHECK((*info)->mtime_s == 500);
        CHECK(with.context->left_bytes == 0);
      }
}

TEST_CASE("block restore: memory of maps is in the budget") {
  blocks_rig with;
  with.fill();
  with.plan();
  CHECK(with.job->shape().rules.blocks);
  CHECK(with.job->use(true).bytes_per_file > 256 * 1024);
  rig without;
  without.add("pg_data/PG_VERSION", "15\n");
  without.plan();
  CHECK_FALSE(without.job->shape().rules.blocks);
  CHECK(without.job->use(true).bytes_per_file == 0);
}

TEST_CASE("block restore: a bundle or file that ends early, or has other bytes") {
  for (const bool bundled : {false, true})
    for (const auto type : {compress_type::none, compress_type::lz4}) {
      blocks_rig good;
      good.bundled = good.backup.bundle = bundled;
      good.backup.options.compress_kind = type;
      good.backup.cipher_pass = secret("pass");
      good.fill();
      for (const auto& path : {good.own_path(), good.old_path()}) {
        const auto all = *good.repository.content(path);
        const auto used = all.size() - (bundled && path == good.own_path() ? 6 : 0);
        for (size_t at = bundled ? 6 : 0; at < used; at += 1 + at / 3) {
          CAPTURE(path);
          CAPTURE(at);
          for (const bool cut : {true, false}) {
            test::hostile(class_of_files);
            auto bad = all;
            if (cut)
              bad.resize(at);
            else
              bad[at] = static_cast<char>(bad[at] ^ 1);
            good.put(path, bad);
            good.plan();
            const auto done = good.restore();
            if (done) { // a block that the later backup replaced
              CHECK_FALSE(cut);
              CHECK(good.restored() == good.content);
              continue;
            }
            const auto code = done.failure().code;
            CHECK((code == errc::format || code == errc::crypto || code == errc::checksum));
          }
        }
        good.put(path, all);
      }
      good.plan();
      CHECK(good.restore());
    }
}

TEST_CASE("block restore: a backup that is referred to is gone") {
  test::hostile(class_of_files);
  blocks_rig with;
  with.fill();
  REQUIRE(with.repository.remove_file(with.old_path()));
  with.plan();
  const auto done = with.restore();
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::file_missing);
}

TEST_CASE("block restore: a file whose blocks are right and whose SHA-1 is not") {
  test::hostile(class_of_files);
  blocks_rig with;
  with.fill();
  with.backup.files[0].checksum = codec::sha1_of(as_bytes("other"));
  with.plan();
  const auto done = with.restore();
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::checksum);
}

TEST_CASE("block restore: a map for another size is told before the target is touched") {
  test::hostile(class_of_files, 2);
  for (const auto size : {uint64_t{5 * block}, uint64_t{7 * block}}) {
    blocks_rig with;
    with.fill();
    with.backup.files[0].size_bytes = size;
    with.plan();
    const auto done = with.restore();
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::format);
    CHECK_FALSE(with.restored());
  }
}

TEST_CASE("block restore: delta reads only what changed") {
  blocks_rig with;
  with.delta = true;
  with.fill();
  with.plan();
  REQUIRE(with.restore());
  auto& data = with.root("/new");
  const auto ruin = [&](const std::string& to) {
    REQUIRE(write_all(data, "base/5/112", to, {.mode = 0640}));
    with.outcomes.clear();
    with.plan();
  };
  const auto ended = [&] { return static_cast<outcome>(with.outcomes["/new/base/5/112"]); };
  // Compared beforehand where the time is right, else block by block.
  with.plan();
  REQUIRE(with.restore());
  CHECK(ended() == outcome::matched);
  ruin(with.content);
  REQUIRE(with.restore());
  CHECK(ended() == outcome::matched);
  CHECK(data.info("base/5/112")->value().mtime_s == 500);

  // Only a block of the backup's own: the full one is not needed.
  REQUIRE(with.repository.move(with.old_path(), "elsewhere"));
  auto other = with.content;
  other[block + 5] ^= 1;
  ruin(other);
  REQUIRE(with.restore());
  CHECK(with.restored() == with.content);
  CHECK(ended() == outcome::restored);
  ruin(with.content + "and more");
  REQUIRE(with.restore());
  CHECK(with.restored() == with.content);
  other = with.content;
  other[3 * block] ^= 1;
  ruin(other);
  CHECK(with.restore().failure().code == errc::file_missing);

  REQUIRE(with.repository.move("elsewhere", with.old_path()));
  for (const auto length : {size_t{0}, size_t{100}, size_t{3 * block}, size_t{5 * block + 999}}) {
    ruin(with.content.substr(0, length));
    REQUIRE(with.restore());
    CHECK(with.restored() == with.content);
  }
}
