// Reading many small files of another host at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/remote/remote_host.hpp"
#include "storage/storage.hpp"

#include <span>

namespace pgbraid::remote {

/// The largest file that is read this way; larger ones are opened one by one.
inline constexpr uint64_t small_read_limit_bytes = uint64_t{16} << 20;
inline constexpr size_t small_read_files_max = 512;

/// Reads the files in one stream per `small_read_files_max` of them; failures are per file. Files
/// whose limit is too large are left alone.
void read_remote_small(remote_host& on, const std::string& root, std::span<small_read> files);

} // namespace pgbraid::remote
