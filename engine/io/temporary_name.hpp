// Names of files that are still being written.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace pgbraid::io {

/// The end of them all: everybody who reads a repository passes over such names.
inline constexpr std::string_view temporary_suffix = ".pgbackrest.tmp";

/// `<name>.<16 hex>.pgbackrest.tmp`, another one each time: two who write the same file do not
/// write into one, and nobody gives its name to what another one is still writing.
std::string own_temporary_name(std::string_view name);

} // namespace pgbraid::io
