// The threads of a batch of WAL files.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>

namespace pgbraid {

/// Runs the work in as many threads as can be had, at most `count`; the caller's own is one of
/// them. Returns when all are done.
/// @param work  gets the number of its thread, from 1, as the log shows it
void run_workers(size_t count, const std::function<void(unsigned process)>& work);

} // namespace pgbraid
