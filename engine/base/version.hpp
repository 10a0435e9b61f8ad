// The version of this program, and of the peer that it is compatible with.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace pgbraid {

inline constexpr unsigned version_major = 0;
inline constexpr unsigned version_minor = 1;
inline constexpr unsigned version_patch = 0;
inline constexpr std::string_view version_text = "0.1.0";

/// The newest pgBackRest whose options, texts and files this program knows.
inline constexpr unsigned peer_major = 2;
inline constexpr unsigned peer_minor = 60;
inline constexpr unsigned peer_patch = 0;
inline constexpr std::string_view peer_version_text = "2.60.0";

} // namespace pgbraid
