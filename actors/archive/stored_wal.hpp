// Whether a segment in an archive is what its name says.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"
#include "storage/repository/repository.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pgbraid {

/// Reads a whole segment and compares it with the checksum in its name. Returns what is wrong with
/// it, if anything. Fails when it cannot be read now: it may be as good as ever.
/// @param pass           of WAL, where the repository is encrypted
/// @param segment_bytes  more is wrong, whatever it is
result<std::optional<error>> damage_of(const repository& in, const archived_wal& stored,
                                       const secret& pass, uint64_t segment_bytes);

/// A few bytes from the middle of a segment, which is read as a whole: fails with `checksum` (26)
/// when it is not what its name says. Fewer bytes when it ends before.
result<std::vector<std::byte>> read_within(const repository& in, const archived_wal& stored,
                                           const secret& pass, uint64_t segment_bytes,
                                           uint64_t offset_bytes, size_t count);

} // namespace pgbraid
