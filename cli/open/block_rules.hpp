// What the options say about blocks.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"
#include "engine/plan/block_size.hpp"

#include <cstddef>
#include <optional>

namespace pgbraid::cli {

/// The rules of a repository; none: files are stored whole. Fails with `option_invalid_value` (32)
/// where a table makes no sense.
result<std::optional<plan::block_rules>> block_rules_of(const config::options& opts,
                                                        size_t position);

} // namespace pgbraid::cli
