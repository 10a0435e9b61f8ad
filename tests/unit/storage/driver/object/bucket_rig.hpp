// The driver of objects over a bucket in memory, and what is read of it.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_storage.hpp"
#include "tests/unit/storage/driver/object/memory_store.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::object_test {

using namespace pgbraid::test;
using object::object_settings;

using names = std::vector<std::string>;

struct rig {
  explicit rig(std::string root = "/some/repo", object_settings how = {})
      : driver(make_object_storage(bucket, std::move(root), how)) {}
  std::shared_ptr<memory_store> bucket = std::make_shared<memory_store>();
  std::unique_ptr<storage> driver;
  storage& repo = *driver;

  names list(std::string_view path) {
    const auto all = repo.list(path);
    REQUIRE(all);
    names out;
    if (*all)
      for (const auto& one : **all)
        out.push_back(one.name + (one.info.kind == entry_kind::path ? "/" : ""));
    return out;
  }
};

/// Small, so that a test has many.
inline constexpr object_settings in_small_parts = {.chunk_bytes = 10,
                                                   .reading = {.piece_bytes = 7, .pieces = 3}};

inline std::string read(storage& in, std::string_view path, const read_options& options = {}) {
  auto file = in.open_read(path, options);
  REQUIRE(file);
  std::string all;
  std::string room(13, '\0');
  while (true) {
    auto got = (*file)->read(std::as_writable_bytes(std::span(room)));
    REQUIRE(got);
    all += room.substr(0, *got);
    if (*got < room.size())
      return all;
  }
}

template <class T> errc code_of(const result<T>& what) {
  REQUIRE_FALSE(what);
  return what.failure().code;
}

} // namespace pgbraid::object_test
