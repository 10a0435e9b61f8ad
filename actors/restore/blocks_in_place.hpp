// Which blocks of a file need not be read, since its place has them.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/format/block_map.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace pgbraid {

/// What is read at once of a file in its place.
inline constexpr size_t place_chunk_bytes = 256 * 1024;

/// Fills `out` unless the file ends.
using place_reader = std::function<result<size_t>(byte_span out, uint64_t offset_bytes)>;

/// By the checksums of a map. Where one lies, the SHA-1 of the file tells, once it is restored.
/// @param there_bytes  what there is of the file
/// @returns for each block whether it is in its place
result<std::vector<bool>> blocks_in_place(const format::block_map& map, uint64_t there_bytes,
                                          const place_reader& read);

} // namespace pgbraid
