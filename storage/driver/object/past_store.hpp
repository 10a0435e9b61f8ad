// A bucket as it was at some time.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/version_store.hpp"

namespace pgbraid::object {

/// What was removed since is there, what was made since is not. A prefix is one only where
/// something was below it. Tags are versions: who goes on with an object reads the same one.
/// Whatever would change something fails with `option_invalid`.
std::shared_ptr<object_store> make_past_store(std::shared_ptr<version_store> in, int64_t time_s);

} // namespace pgbraid::object
