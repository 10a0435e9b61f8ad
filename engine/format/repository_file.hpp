// A file of a repository by its path alone: as a user types it, and what opens it.
// Source of the rules: cli/command/README.md, section 12; engine/format/README.md, section 8.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pgbraid::format {

/// The path relative to the root: it was typed so, or absolute. A slash at its end and segments `.`
/// do not count. Fails with `param_invalid` (96) for `//`, for an absolute path elsewhere, and for
/// what could lead out of the repository.
/// @param root  of the repository, absolute
result<std::string> typed_path(std::string_view text, std::string_view root);

/// The passphrase of which level opens a file of an encrypted repository.
enum class opened_by : uint8_t {
  nothing,    ///< no file that is known
  repository, ///< the configured one: info files
  archive,    ///< that of archive.info: WAL
  backups,    ///< that of backup.info: manifests and their history
  manifest,   ///< that of the manifest: data
};

struct file_place {
  opened_by pass = opened_by::nothing;
  std::string_view stanza = {}; ///< parts of the path
  std::string_view label = {};  ///< for data
};

/// @param path  relative to the root; must live as long as the answer
file_place place_of(std::string_view path);

} // namespace pgbraid::format
