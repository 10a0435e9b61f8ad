// The WAL that a backup needs.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/verify/verify_archive.hpp"
#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "storage/repository/repository.hpp"

#include <cstdint>

namespace pgbraid::verify {

/// How many segments from the start to the end of a backup are neither in its archive, once and as
/// they should be, nor in the backup itself: it cannot be restored without them. Each is told in
/// the log. 0 for backups that were made offline or without looking at the archive.
result<uint64_t> lacking_wal(repository& in, const format::manifest& of,
                             const read_archives& archives);

} // namespace pgbraid::verify
