// How much WAL waits to be archived.
// Source: cli/command/README.md, section 4.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pgbraid::plan {

/// Whether more WAL waits than `limit_bytes`.
/// @param status_names  what lies in pg_wal/archive_status; `.ready` files wait
/// @param each_bytes    of a WAL file
bool is_queue_full(std::span<const std::string_view> status_names, uint64_t each_bytes,
                   uint64_t limit_bytes);

} // namespace pgbraid::plan
