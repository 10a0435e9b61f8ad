// What a lock file says about its holder.
// Source of the format: engine/format/README.md, section 14.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::format {

/// The one JSON object of a lock file. Progress is there once copying has begun.
struct lock_content {
  std::string exec_id; ///< `<pid>-<8 hex>`
  uint64_t pid = 0;
  std::optional<uint64_t> percent_hundredths = {}; ///< 0..10000
  std::optional<uint64_t> size_bytes = {};
  std::optional<uint64_t> size_complete_bytes = {};
};

std::string render(const lock_content& content);
/// An empty text (the file is being rewritten) gives an empty content. Also reads the two-line text
/// of versions before 2.39. Fails with `format` (29).
result<lock_content> parse_lock_content(std::string_view text);

} // namespace pgbraid::format
