// What a driver does faster stays fast behind everything that may stand before it.
// SPDX-License-Identifier: MIT
#include "storage/repository/confined_storage.hpp"
#include "tests/unit/storage/wrap/wrapped_rigs.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

using names = std::vector<std::string>;

/// Notes which of the verbs that have a default are asked.
class noting_storage final : public memory_storage {
public:
  explicit noting_storage(names& asked) : asked_(asked) {}

  result<std::vector<std::optional<entry_info>>>
  many_infos(std::span<const std::string> paths) override {
    asked_.emplace_back("many_infos");
    return memory_storage::many_infos(paths);
  }
  result<bool> each_entry(std::string_view path, const entry_visitor& visit) override {
    asked_.emplace_back("each_entry");
    return memory_storage::each_entry(path, visit);
  }
  result<std::optional<list_page>> list_some(std::string_view path, std::string_view after,
                                             size_t count) override {
    asked_.emplace_back("list_some");
    return memory_storage::list_some(path, after, count);
  }
  result<std::optional<std::vector<entry>>> list_named(std::string_view path,
                                                       std::string_view beginning) override {
    asked_.emplace_back("list_named");
    return memory_storage::list_named(path, beginning);
  }
  result<std::optional<std::vector<entry>>> list_tree(std::string_view path) override {
    asked_.emplace_back("list_tree");
    return memory_storage::list_tree(path);
  }
  void read_small(std::span<small_read> files, io::io_engine* engine) override {
    asked_.emplace_back("read_small");
    memory_storage::read_small(files, engine);
  }
  std::unique_ptr<small_reads_ahead> begin_small(std::vector<small_read> files) override {
    asked_.emplace_back("begin_small");
    return memory_storage::begin_small(std::move(files)); // which asks `read_small`
  }
  result<std::vector<file_version>> versions(std::string_view path) override {
    asked_.emplace_back("versions");
    return memory_storage::versions(path);
  }
  result<void> make_many_paths(std::span<const std::string> paths, uint32_t mode) override {
    asked_.emplace_back("make_many_paths");
    return memory_storage::make_many_paths(paths, mode);
  }
  result<void> remove_files(std::span<const std::string> paths) override {
    asked_.emplace_back("remove_files");
    return memory_storage::remove_files(paths);
  }
  result<void> remove_unfinished(std::string_view path, int64_t before_s) override {
    asked_.emplace_back("remove_unfinished");
    return memory_storage::remove_unfinished(path, before_s);
  }
  result<void> make_hardlink(std::string_view path, std::string_view existing) override {
    asked_.emplace_back("make_hardlink");
    return memory_storage::make_hardlink(path, existing);
  }
  result<void> sync_many_paths(std::span<const std::string> paths) override {
    asked_.emplace_back("sync_many_paths");
    return memory_storage::sync_many_paths(paths);
  }
  result<std::unique_ptr<io::writer>> open_hollow(std::string_view path, uint64_t size_bytes,
                                                  const write_options& options) override {
    asked_.emplace_back("open_hollow");
    return memory_storage::open_hollow(path, size_bytes, options);
  }
  result<std::unique_ptr<io::updater>> open_update(std::string_view path,
                                                   const update_options& options) override {
    asked_.emplace_back("open_update");
    return memory_storage::open_update(path, options);
  }
  result<void> sync_files() override {
    asked_.emplace_back("sync_files");
    return memory_storage::sync_files();
  }
  bool may_sync_later() override {
    asked_.emplace_back("may_sync_later");
    return true;
  }
  result<std::optional<uint64_t>> free_bytes() override {
    asked_.emplace_back("free_bytes");
    return memory_storage::free_bytes();
  }

private:
  names& asked_;
};

void use(storage& repo) {
  const names paths = {"backup/demo", "backup/demo/a"};
  REQUIRE(repo.make_many_paths(paths));
  REQUIRE(write_all(repo, "backup/demo/f", "x"));
  REQUIRE(repo.many_infos(paths));
  REQUIRE(repo.each_entry("backup/demo", [](entry&) { return success(); }));
  REQUIRE(repo.list_some("backup/demo", "", 1));
  REQUIRE(repo.list_named("backup/demo", "f"));
  REQUIRE(repo.list_tree("backup/demo"));
  std::vector<small_read> files = {{.path = "backup/demo/f", .limit_bytes = 9}};
  repo.read_small(files, nullptr);
  REQUIRE_FALSE(files[0].failure);
  REQUIRE_FALSE(repo.begin_small(files)->wait(nullptr)[0].failure);
  REQUIRE(repo.versions("backup/demo/f"));
  REQUIRE(repo.make_hardlink("backup/demo/g", "backup/demo/f"));
  REQUIRE(repo.remove_files(names{"backup/demo/g"}));
  REQUIRE(repo.remove_unfinished("backup/demo", 5));
  REQUIRE(repo.sync_many_paths(paths));
  REQUIRE(repo.open_hollow("backup/demo/h", 3));
  REQUIRE(repo.open_update("backup/demo/f", {.size_bytes = 1}));
  REQUIRE(repo.may_sync_later());
  REQUIRE(repo.sync_files());
  REQUIRE(repo.free_bytes());
}

} // namespace

TEST_CASE("forwarding: every verb goes on as it came") {
  const names all = {"make_many_paths",   "many_infos",      "each_entry",    "list_some",
                     "list_named",        "list_tree",       "read_small",    "begin_small",
                     "read_small",        "versions",        "make_hardlink", "remove_files",
                     "remove_unfinished", "sync_many_paths", "open_hollow",   "open_update",
                     "may_sync_later",    "sync_files",      "free_bytes"};
  names counted = all; // what waits or counts does so for bytes that somebody waits for
  std::erase(counted, "begin_small");
  names retried = counted; // what tries a second time cannot hand on what comes one by one
  std::erase(retried, "each_entry");
  const auto passes = [&](auto make, const names& wanted) {
    names asked;
    auto repo = make(std::make_unique<noting_storage>(asked));
    use(*repo);
    CHECK(asked == wanted);
    CHECK(repo->features().tree_listing);
    CHECK(repo->root() == "/memory");
  };
  using base = std::unique_ptr<noting_storage>;
  passes([](base to) { return std::make_unique<forwarding_storage>(std::move(to)); }, all);
  passes([](base to) { return make_confined_storage(std::move(to), "demo"); }, all);
  passes(
      [](base to) {
        return std::make_unique<faulty_storage>(std::move(to), std::make_shared<fault_plan>());
      },
      retried);
  passes(
      [](base to) {
        return std::make_unique<metered_storage>(std::move(to), std::make_shared<storage_meter>());
      },
      retried);
  passes(
      [](base to) {
        return std::make_unique<retrying_storage>(std::move(to), retry_policy{.tries = 1});
      },
      retried);
  passes(
      [](base to) {
        return std::make_unique<throttled_storage>(
            std::move(to), std::make_shared<throttle>(uint64_t{1} << 40, uint64_t{1} << 40));
      },
      counted);
}
