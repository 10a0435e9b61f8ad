// WAL that is given up because too much of it waits.
// Source: cli/command/README.md, section 4.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pgbraid {

/// Marks a WAL file as missing in every repository whose journal takes that: nobody else will ever
/// tell. Returns what is said of it.
/// @param segment_bytes  of the file; 0 where it is not known
std::string drop_wal(const push_ends& between, std::string_view name, uint64_t segment_bytes,
                     uint64_t queue_max);

/// The size of the first segment among these WAL files; 0 where there is none.
uint64_t segment_bytes_of(const push_ends& between, const std::vector<std::string>& names);

} // namespace pgbraid
