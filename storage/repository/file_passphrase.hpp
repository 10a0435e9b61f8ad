// Opening any file of a repository by its path.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "engine/format/repository_file.hpp"
#include "storage/repository/repository.hpp"

#include <string>
#include <string_view>

namespace pgbraid {

/// The passphrase that opens a file; empty where nothing is encrypted, and where the other host
/// opens it. Fails with `option_invalid_value` (32) when that cannot be told from the path, and
/// with what the files above it fail with.
/// @param in    of the stanza that the path names
/// @param path  relative to the root
result<secret> passphrase_of(repository& in, std::string_view path);

/// The path with the label that `latest` names in its place; others stay as they are. No other link
/// is followed.
result<std::string> through_latest(storage& files, std::string path);

} // namespace pgbraid
