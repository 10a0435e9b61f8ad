// The checksum of a PostgreSQL data page.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/codec/cpu.hpp"

#include <cstdint>

namespace pgbraid::codec {

/// The checksum a page should have, as pd_checksum holds it.
/// @param page    a whole page; its length a multiple of 128 bytes; its pd_checksum is ignored
/// @param number  its number across segments, as PostgreSQL counts (32 bits)
uint16_t page_checksum(byte_view page, uint32_t number, bool vectors = has_avx2());

} // namespace pgbraid::codec
