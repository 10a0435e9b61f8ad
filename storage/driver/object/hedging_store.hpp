// A store whose slow reads are asked for twice.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_store.hpp"

namespace pgbraid::object {

/// One connection that crawls would hold up a whole file, though all others are quick. A read that
/// takes much longer than others of its size did (`read_pace`) is asked for once more, and
/// whichever comes first counts. It is a read of the same object: both name its tag, where it is
/// known. All else goes to `in` as it is.
std::shared_ptr<object_store> make_hedging_store(std::shared_ptr<object_store> in);

} // namespace pgbraid::object
