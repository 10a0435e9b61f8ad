// How many work at the same time, by the options and this machine.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"
#include "engine/plan/pool_size.hpp"

namespace pgbraid::cli {

/// The readers of process-max.
plan::worker_counts workers_of(const config::options& opts);
/// Digits of a worker's number in the log; no question to this machine.
int log_digits_of(const config::options& opts);

} // namespace pgbraid::cli
