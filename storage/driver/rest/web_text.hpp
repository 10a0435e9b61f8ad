// Texts of the web: encoded names, queries, times, ranges.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/number_of.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid::rest {

/// Names and values of a query, not encoded.
using query_fields = std::vector<std::pair<std::string, std::string>>;

/// All bytes but letters, digits and `-_.~` as `%XX`; slashes stay where they are part of a path.
std::string uri_encoded(std::string_view text, bool keeps_slashes = false);
/// The other way round, with `+` for a blank; what is no escape stays as it is.
std::string uri_decoded(std::string_view text);
/// Sorted by name, as it is signed and sent.
std::string query_text(query_fields of);

/// `bytes 0-9/100` -> 100; `bytes */0` -> 0; empty for anything else.
std::optional<uint64_t> whole_size_of(std::string_view content_range);
/// `2026-01-02T03:04:05.678Z` in seconds since 1970; empty for anything else.
std::optional<int64_t> seconds_of_iso(std::string_view text);

} // namespace pgbraid::rest
