// Whether two manifests say the same.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/manifest.hpp"

#include <optional>
#include <string>

namespace pgbraid::format {

/// Whether both entries would be restored in the same way from the same place. Owners, references
/// and page errors are compared by what they stand for in their manifests.
bool is_same(const manifest& of_a, const manifest_file& a, const manifest& of_b,
             const manifest_file& b);
/// The same of what is in the file; the backups that hold it may differ.
bool is_same_wherever_stored(const manifest& of_a, const manifest_file& a, const manifest& of_b,
                             const manifest_file& b);
bool is_same(const manifest& of_a, const manifest_path& a, const manifest& of_b,
             const manifest_path& b);
bool is_same(const manifest& of_a, const manifest_link& a, const manifest& of_b,
             const manifest_link& b);

/// The first thing that two sorted manifests do not say alike, for a message; empty when they agree
/// in all that a manifest in a repository can say.
std::optional<std::string> first_difference(const manifest& a, const manifest& b);
/// The same without a look at the files.
std::optional<std::string> first_difference_beside_files(const manifest& a, const manifest& b);

} // namespace pgbraid::format
