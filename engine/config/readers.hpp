// Who can read a configuration file.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace pgbraid::config {

/// Whether every user of this host can read a file: its mode allows it, and so does each directory
/// above it.
/// @param path  as it was opened
/// @param file  the open file
bool readable_by_all(const std::string& path, int file);

} // namespace pgbraid::config
