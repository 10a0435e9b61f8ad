// The driver of objects over a bucket in memory, for the contract suite.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_storage.hpp"
#include "tests/unit/actors/serve/served_host.hpp"
#include "tests/unit/storage/driver/object/memory_store.hpp"

namespace pgbraid::test {

struct object_rig {
  explicit object_rig(const object::object_settings& how = {})
      : driver(object::make_object_storage(bucket, "/some/repo", how)) {}
  std::shared_ptr<memory_store> bucket = std::make_shared<memory_store>();
  std::unique_ptr<storage> driver;
  storage& repo = *driver;
  io::io_engine* engine = nullptr;
};

/// So little at once that files, reads of large ones and lists come in parts.
struct object_in_parts_rig : object_rig {
  object_in_parts_rig() : object_rig({.chunk_bytes = 10, .reading = {.piece_bytes = 70'000}}) {
    bucket->page_most = 7;
  }
};

/// A bucket that another host serves.
struct remote_object_rig {
  served_host there{{.repo_path = "/some/repo",
                     .open_repo = [bucket = std::make_shared<memory_store>()](
                                      const std::string& root) -> std::shared_ptr<storage> {
                       return object::make_object_storage(bucket, root, {});
                     }}};
  std::unique_ptr<storage> driver =
      remote::make_remote_storage(there.connect(), "repo", "/some/repo");
  storage& repo = *driver;
  io::io_engine* engine = nullptr;
};

} // namespace pgbraid::test
