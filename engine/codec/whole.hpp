// Runs a kernel over a whole buffer at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/kernel.hpp"

#include <cstdint>
#include <vector>

namespace pgbraid::codec {

/// What one fresh stream of `step` makes of `in`.
/// @param step         a kernel that transforms
/// @param limit_bytes  more output than this fails with `format`
/// Fails as the kernel fails.
result<std::vector<std::byte>> transform_all(kernel& step, byte_view in, uint64_t limit_bytes);

} // namespace pgbraid::codec
