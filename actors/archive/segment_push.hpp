// Stores one segment in several repositories.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push.hpp"
#include "actors/archive/push_target.hpp"
#include "actors/archive/segment_source.hpp"
#include "engine/base/failures.hpp"
#include "engine/base/result.hpp"

#include <span>
#include <string>

namespace pgbraid {

/// Packs the segment once and writes it wherever it is not, each copy with a passphrase of its own;
/// a copy that is there and damaged is replaced. Each is durable, and has its name, when this
/// returns, or its repository's error is in `failed`. Fails, for all of them, when another content
/// has the name somewhere (`archive_duplicate`, 45), when the file changes while it is read, and
/// after a termination signal.
result<void> store_segment(const push_request& wanted, segment_source& segment,
                           std::span<push_target* const> to, repository_errors& failed);

/// Fails with `checksum` (26) when the content is not what `push_request::checksum` says.
result<void> check_checksum(const push_request& wanted, const std::string& checksum);

/// The same for timeline and backup history: as they are, under their own name, a different content
/// under it is replaced.
/// @param from  rooted in the directory of the file
result<void> store_history(const push_request& wanted, storage& from, const wal_location& wal,
                           std::span<push_target* const> to, repository_errors& failed);

} // namespace pgbraid
