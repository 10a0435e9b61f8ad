// Files in memory whose parts are written in any order.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/memory/memory_state.hpp"

#include <memory>

namespace pgbraid {

/// Makes the file, or opens it. Takes the lock.
result<std::unique_ptr<io::updater>> make_memory_updater(std::shared_ptr<memory_state> owner,
                                                         std::string_view path,
                                                         const update_options& options);

} // namespace pgbraid
