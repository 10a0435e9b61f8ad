// The map of a file that a backup has in blocks.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/block_map.hpp"
#include "engine/format/manifest.hpp"
#include "storage/storage.hpp"

#include <string_view>

namespace pgbraid {

/// A map as it is stored, opened and read. Fails with `crypto` (95) or `format` (29).
/// @param of  the backup that has the file
result<format::block_map> open_block_map(byte_view stored, const format::manifest& of,
                                         const format::manifest_file& file);
/// The same, from where it lies: behind the super blocks. `format`, too, where the repository has
/// less of the file.
/// @param engine  may be null
result<format::block_map> load_block_map(storage& repo, std::string_view stanza,
                                         const format::manifest& of,
                                         const format::manifest_file& file, io::io_engine* engine);

} // namespace pgbraid
