// Files of a backup that no walk has found: what the server hands over at its end, and WAL.
// Source: engine/format/README.md, section 8.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/manifest.hpp"

#include <cstdint>
#include <string_view>

namespace pgbraid {

/// The entry of such a file, stored alone; it has the owner of PGDATA.
/// @param name       in the manifest
/// @param mode_mask  what of PGDATA's mode it gets
format::manifest_file made_file(format::manifest& in, std::string_view name, uint64_t plain_bytes,
                                const format::sha1_bytes& checksum, uint64_t stored_bytes,
                                int64_t mtime_s, uint16_t mode_mask);

} // namespace pgbraid
