// Who may store a segment when several want to.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/wal_entry.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace pgbraid::plan {

/// What the names of one segment mean for somebody who wants to store it.
enum class wal_turn : uint8_t {
  taken,  ///< other content is stored
  stored, ///< this content is stored
  ours,   ///< nobody else has other content, stored or on its way
  first,  ///< somebody else has, on its way, and has to give way
  second, ///< somebody else has, on its way, and goes first
};

/// The lower checksum goes first: everybody who looks comes to the same order.
/// @param checksum   of the content that is to be stored
/// @param stored     what has its name
/// @param under_way  what has a temporary name; that of the same content is no rival
wal_turn wal_turn_of(std::string_view checksum, std::span<const format::wal_entry> stored,
                     std::span<const format::wal_entry> under_way);

} // namespace pgbraid::plan
