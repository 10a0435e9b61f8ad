// Storage on a mounted file system.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/beneath.hpp"
#include "storage/storage.hpp"

namespace pgbraid {

/// A driver for the directory `root` (absolute; may itself be a link): a repository, a cluster, a
/// tablespace, a spool. The directory need not exist yet: until then everything in it is missing,
/// and the first make_path or open_write with make_parents makes it. Safe to share between threads,
/// each with its own io_engine.
/// @param walk  by_segment forces what kernels without openat2 get (for tests)
std::unique_ptr<storage> make_posix_storage(std::string root,
                                            io::path_walk walk = io::path_walk::automatic);

/// The same on a mounted share (CIFS), which may have no links and cannot sync paths: neither is
/// tried.
std::unique_ptr<storage> make_cifs_storage(std::string root);

} // namespace pgbraid
