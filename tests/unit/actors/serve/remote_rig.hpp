// Remote storage over a served posix root, for the contract suite.
// SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/actors/serve/served_host.hpp"
#include "tests/unit/engine/io/scratch.hpp"

namespace pgbraid::test {

struct remote_rig {
  scratch here;
  served_host there{{.repo_path = here / "deep/root"}};
  std::unique_ptr<storage> driver =
      remote::make_remote_storage(there.connect(), "repo", here / "deep/root");
  storage& repo = *driver;
  io::io_engine* engine = nullptr;

  /// A server makes no links but those of a repository; somebody else did.
  void plant(const std::string& path, const std::string& destination) {
    std::filesystem::create_symlink(destination, here / ("deep/root/" + path));
  }
};

} // namespace pgbraid::test
