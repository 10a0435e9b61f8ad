// The version of this program.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace pgbraid {

inline constexpr unsigned version_major = 0;
inline constexpr unsigned version_minor = 1;
inline constexpr unsigned version_patch = 0;
inline constexpr std::string_view version_text = "0.1.0";

} // namespace pgbraid
