// A cluster in memory that is walked, its places by their absolute paths.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/cluster/cluster_walk.hpp"
#include "tests/unit/storage/faulty_memory.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid::test {

/// Lends a storage of the rig to the walk, which owns what it opens.
class lent final : public storage {
public:
  explicit lent(storage& to) : to_(to) {}
  storage_features features() const override { return to_.features(); }
  const std::string& root() const override { return to_.root(); }
  result<std::optional<entry_info>> info(std::string_view path) override { return to_.info(path); }
  result<std::optional<std::vector<entry>>> list(std::string_view path) override {
    return to_.list(path);
  }
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options) override {
    return to_.open_read(path, options);
  }
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options) override {
    return to_.open_write(path, options);
  }
  result<void> make_path(std::string_view path, uint32_t mode) override {
    return to_.make_path(path, mode);
  }
  result<void> remove_file(std::string_view path) override { return to_.remove_file(path); }
  result<void> remove_tree(std::string_view path) override { return to_.remove_tree(path); }
  result<void> move(std::string_view from, std::string_view to) override {
    return to_.move(from, to);
  }
  result<void> make_symlink(std::string_view path, std::string_view destination) override {
    return to_.make_symlink(path, destination);
  }
  result<void> sync_path(std::string_view path) override { return to_.sync_path(path); }
  result<void> set_attributes(std::string_view path, const attributes& wanted) override {
    return to_.set_attributes(path, wanted);
  }

private:
  storage& to_;
};

inline constexpr const char* our_directory = "PG_15_202209061";

/// A small cluster in memory, and places for tablespaces and links.
struct walk_rig {
  std::map<std::string, faulty_memory> places;
  cluster_walk_options options{.version = 150000, .catalog_version = 202209061};

  walk_rig() {
    place("/db/main");
    put("/db/main", "PG_VERSION", "15\n");
    put("/db/main", "base/5/1259", "x");
    put("/db/main", "pg_wal/000000010000000000000001", "x");
    put("/db/main", "postmaster.pid", "1");
    REQUIRE(place("/db/main").make_path("pg_tblspc", 0750));
    REQUIRE(place("/db/main").set_attributes("", {.mode = 0700}));
  }
  faulty_memory& place(const std::string& path) {
    return places.try_emplace(path, path).first->second;
  }
  void put(const std::string& root, std::string_view path, std::string_view content) {
    REQUIRE(write_all(place(root), path, content, {.mode = 0600}));
  }
  void link(std::string_view path, std::string_view destination) {
    REQUIRE(place("/db/main").make_symlink(path, destination));
  }
  result<format::manifest> walk() {
    format::manifest into;
    const auto open = [this](const std::string& path) -> result<std::unique_ptr<storage>> {
      return std::unique_ptr<storage>(new lent(place(path)));
    };
    if (auto walked = walk_cluster(place("/db/main"), open, options, into); !walked)
      return walked.failure();
    return into;
  }
  std::vector<std::string> files() {
    const auto walked = walk();
    REQUIRE(walked);
    std::vector<std::string> names;
    for (const auto& file : walked->files)
      names.emplace_back(file.name);
    return names;
  }
  errc failure() {
    const auto walked = walk();
    REQUIRE(!walked);
    return walked.failure().code;
  }
};

} // namespace pgbraid::test
