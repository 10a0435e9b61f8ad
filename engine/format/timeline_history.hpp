// Timeline history files: which timeline forked from which, and where.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace pgbraid::format {

/// The largest history file, of a timeline or of a backup: a line has some 100 bytes, and no
/// cluster was promoted ten thousand times.
inline constexpr uint64_t history_limit_bytes = uint64_t{1} << 20;
/// As it is stored: encryption adds a header and padding.
inline constexpr uint64_t stored_history_limit_bytes = history_limit_bytes + 64;

/// One line: the timeline ended at this LSN and the next one began.
struct timeline_switch {
  uint32_t timeline = 0;
  uint64_t lsn = 0;
};

/// Parses `<8 hex>.history`: lines `<timeline> TAB <lsn> TAB <reason>`, `#` comments and blank
/// lines. Timelines must ascend. Fails with `format` (29).
result<std::vector<timeline_switch>> parse_timeline_history(std::string_view text);

} // namespace pgbraid::format
