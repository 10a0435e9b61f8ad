// An end for threads that a test left behind.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/side_by_side.hpp"

#include <thread>

namespace pgbraid::test {

/// Waits until all that was asked aside is done: a thread answers a moment before it ends, and one
/// that is left would end the program.
inline void join_all_asides() {
  while (!join_aside())
    std::this_thread::yield();
}

} // namespace pgbraid::test
