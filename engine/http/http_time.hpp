// Times in headers.
// Source: RFC 9110, section 5.6.7.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pgbraid::http {

/// `Fri, 02 Jan 2026 03:04:05 GMT` in seconds since 1970; empty for anything else.
std::optional<int64_t> seconds_of(const std::string& text);
/// And back.
std::string time_text(int64_t seconds);

} // namespace pgbraid::http
