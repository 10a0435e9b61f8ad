// Sizes and times as users write them, and sizes as the log prints them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid {

/// Digits and an optional unit (b, k, kb, kib, m .. pib), case-insensitive, powers of 1024.
/// Empty when the text is anything else or does not fit 63 bits.
std::optional<uint64_t> parse_size(std::string_view text);
/// Digits and an optional unit (none or s: seconds, ms, m, h, d, w), case-insensitive.
/// Empty when the text is anything else or does not fit 63 bits.
std::optional<int64_t> parse_time_ms(std::string_view text);

/// Short and rounded, for messages: `0B`, `45MB`, `6.5MB`; one decimal unless it is zero.
std::string format_size(uint64_t bytes);
/// Short and rounded down, for messages: `12s`, `5m`, `3h`, `2d`; what is yet to come is `0s`.
std::string format_age(int64_t age_s);
/// Exact, in the largest unit that divides it: `1MiB`, `16KiB`, `5B`.
std::string format_size_exact(uint64_t bytes);
/// Exact, in the largest unit that divides it: `1m`, `100ms`, `0s`.
std::string format_time_exact(int64_t time_ms);

} // namespace pgbraid
