// Every driver, ready to be tested: a new one adds a rig and inherits all expectations.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/memory/memory_storage.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "tests/unit/engine/io/scratch.hpp"

namespace pgbraid::test {

/// The root of none of them exists at first.
struct memory_rig {
  memory_storage driver;
  storage& repo = driver;
  io::io_engine* engine = nullptr;
};

struct posix_rig {
  explicit posix_rig(io::path_walk walk = io::path_walk::automatic)
      : driver(make_posix_storage(here / "deep/root", walk)) {}
  scratch here;
  std::unique_ptr<storage> driver;
  storage& repo = *driver;
  io::io_engine* engine = nullptr;
};

struct posix_by_segment_rig : posix_rig {
  posix_by_segment_rig() : posix_rig(io::path_walk::by_segment) {}
};

/// A share that is mounted: the same without links and syncs of paths.
struct cifs_rig {
  scratch here;
  std::unique_ptr<storage> driver = make_cifs_storage(here / "deep/root");
  storage& repo = *driver;
  io::io_engine* engine = nullptr;
  /// As somebody else may have made it.
  void plant(const std::string& path, const std::string& destination) const {
    std::filesystem::create_symlink(destination, here / ("deep/root/" + path));
  }
};

/// The same with an engine; `automatic` so that the suite runs where io_uring is forbidden.
template <io::io_mode Mode> struct posix_engine_rig {
  scratch here;
  std::unique_ptr<io::io_engine> owned = std::move(*io::io_engine::make(Mode));
  std::unique_ptr<storage> driver = make_posix_storage(here / "deep/root");
  storage& repo = *driver;
  io::io_engine* engine = owned.get();
};
using posix_ring_rig = posix_engine_rig<io::io_mode::automatic>;
using posix_threads_rig = posix_engine_rig<io::io_mode::threads>;

inline std::vector<std::string> names_of(storage& in, std::string_view path) {
  auto all = in.list(path);
  REQUIRE(all);
  REQUIRE(all->has_value());
  std::vector<std::string> names;
  for (const auto& one : **all)
    names.push_back(one.name);
  return names;
}

} // namespace pgbraid::test
