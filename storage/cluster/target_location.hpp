// Where targets of a manifest lie in the file system, and whether they get in each other's way.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"

#include <string>
#include <string_view>

namespace pgbraid {

/// The absolute, normal path of `destination`, which may be relative to the directory `base`.
std::string absolute_path(std::string_view base, std::string_view destination);

/// What a target stands for: an absolute path of a directory, or of a file for file links.
/// Relative links count from the directory they are in.
/// @param pgdata  absolute path of PGDATA
std::string target_location(std::string_view pgdata, const format::manifest_target& target);

/// Whether `path` is `directory` or lies below it; both absolute and normal.
bool is_within(std::string_view path, std::string_view directory);

/// Fails with `link_destination` (70) if the new target and one of the others are the same place or
/// lie within each other.
/// @param others  targets added so far, `pg_data` among them
result<void> check_target(std::string_view pgdata,
                          const std::vector<format::manifest_target>& others,
                          const format::manifest_target& added);

} // namespace pgbraid
