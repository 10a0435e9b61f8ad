// The contract over an object store: keys for paths, no directories, no temporary names.
// Source of the layout: storage/driver/object/README.md.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_reader.hpp"
#include "storage/driver/object/object_store.hpp"
#include "storage/storage.hpp"

#include <memory>
#include <string>

namespace pgbraid::object {

struct object_settings {
  uint64_t chunk_bytes = uint64_t{5} << 20; ///< larger objects come in parts of this
  read_ahead_limits reading = {};
};

/// What an object may take in memory until it is committed.
uint64_t writer_bytes(uint64_t chunk_bytes);

/// Paths are there while something is below them. A file is seen when it is committed, never
/// before, in place or not. Thread-safe.
/// @param root  path of the repository, as users know it
std::unique_ptr<storage> make_object_storage(std::shared_ptr<object_store> in, std::string root,
                                             const object_settings& how);

} // namespace pgbraid::object
