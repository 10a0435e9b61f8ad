// The verbs of the contract, for what counts them or lets them fail.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace pgbraid {

/// What is asked of a storage, of its readers and of its writers.
enum class storage_verb : uint8_t {
  info, ///< of one name or of several
  list, ///< of a path, of a part of it, or of a tree
  open_read,
  read,     ///< both read and read_at
  versions, ///< looking for them; opening one is open_read
  open_write,
  write,
  sync,    ///< begin_commit of a file with `sync`
  publish, ///< the rename of an atomic file
  make_path,
  remove, ///< a file, several, or a tree
  move,
  link, ///< hard or symbolic
  sync_path,
  set_attributes,
  free_bytes,
};
inline constexpr size_t storage_verbs = static_cast<size_t>(storage_verb::free_bytes) + 1;

} // namespace pgbraid
