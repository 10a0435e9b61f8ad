// Reading many small files of another host at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/remote_host.hpp"
#include "storage/storage.hpp"

#include <span>

namespace pgbraid::remote {

/// The largest file that is read this way; larger ones are opened one by one.
inline constexpr uint64_t small_read_limit_bytes = uint64_t{4} << 20;
/// What one request may ask for, in files and in bytes of its body.
inline constexpr size_t small_read_files_max = 512;
inline constexpr size_t small_read_body_bytes = size_t{1} << 20;

/// Reads the files in as few streams as those limits allow; failures are per file. Files
/// whose limit is too large are left alone.
void read_remote_small(link::remote_host& on, const std::string& root, std::span<small_read> files);

} // namespace pgbraid::remote
