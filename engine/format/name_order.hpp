// The order of very many names that come directory by directory.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace pgbraid::format {

/// Indexes of names in their order, byte by byte; of equal names in the order in which they came.
/// Takes 16 bytes a name meanwhile.
/// @param name_of  the name of an index below `count`
std::vector<uint32_t> name_order(uint32_t count,
                                 const std::function<std::string_view(uint32_t)>& name_of);

} // namespace pgbraid::format
