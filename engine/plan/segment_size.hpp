// How large segments are, where no cluster is there to say it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/backup_info.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::plan {

/// What the middle part of a name counts, whatever the size of segments.
inline constexpr uint64_t log_bytes = uint64_t{1} << 32;

/// All sizes that PostgreSQL can have, smallest first.
std::vector<uint32_t> segment_sizes();

/// Whether a segment can hold a location, were segments this large. True where the location is not
/// told, or cannot be read.
/// @param segment  24 hexadecimal digits
/// @param at       `0/4000028`
bool segment_fits(const std::string& segment, const std::optional<std::string>& at,
                  uint32_t segment_bytes);

/// The only size with which the backups of a cluster can lie where they say; empty when there are
/// none or several.
/// @param history_id  of the cluster
std::optional<uint32_t> segment_size_of(const format::backup_info& backups, uint64_t history_id);

} // namespace pgbraid::plan
