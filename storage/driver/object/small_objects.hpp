// Reading many small objects at once, or parts of some.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_keys.hpp"
#include "storage/driver/object/object_store.hpp"
#include "storage/storage.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace pgbraid::object {

/// Asks for the first of them before it returns, for the others as those come. A store that does
/// not answer is waited for once: what comes behind that file fails as it did.
/// @param keys     outlive what is returned
/// @param at_once  so many are under way
std::unique_ptr<small_reads_ahead> begin_small_objects(std::shared_ptr<object_store> in,
                                                       const object_keys& keys,
                                                       std::vector<small_read> files,
                                                       size_t at_once);

} // namespace pgbraid::object
