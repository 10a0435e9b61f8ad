// CRC-32C (Castagnoli), which pg_control and WAL records carry.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/codec/cpu.hpp"

#include <cstdint>

namespace pgbraid::codec {

/// The CRC-32C of `bytes`, or of an earlier part and `bytes` when `before` is the earlier CRC.
uint32_t crc32c(byte_view bytes, uint32_t before = 0, bool accelerated = has_crc32c());

} // namespace pgbraid::codec
