// The long header at the start of every WAL segment.
// Source: engine/format/README.md, section 13.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/postgres/version.hpp"

namespace pgbraid::postgres {

/// How many bytes of a segment `parse_wal_header` needs.
inline constexpr size_t wal_header_bytes = 40;

struct wal_header {
  version_number version = 0;
  uint32_t timeline = 0;
  uint64_t page_address = 0;
  uint64_t system_id = 0;
  uint32_t segment_bytes = 0;
  uint32_t page_bytes = 0;
};

/// Fails with `format` if the bytes are too few or carry no long header or an impossible size, and
/// with `version_not_supported` for an unknown magic number.
result<wal_header> parse_wal_header(byte_view bytes);

} // namespace pgbraid::postgres
