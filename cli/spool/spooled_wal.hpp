// Taking one segment out of the spool.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "storage/spool/spool_directory.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pgbraid::cli {

/// What is wrong with a segment that was fetched ahead, if anything: its length, its place in the
/// WAL as its own header tells, or that a restart of the system may have taken a part of it.
std::optional<std::string> doubt_about(const spool::spooled_segment& found, const std::string& name,
                                       std::optional<int64_t> booted_ns);

/// Gives the segment its destination; by a copy where that is on another file system. It is not
/// synced, which PostgreSQL does.
result<void> take_segment(const spool::spool_directory& from, const spool::spooled_segment& found,
                          const std::string& name, const std::string& destination);

} // namespace pgbraid::cli
