// process-max and the cores of this machine.
// SPDX-License-Identifier: MIT
#include "cli/open/workers.hpp"

#include <thread>

namespace pgbraid::cli {

namespace {

plan::worker_counts count(const config::options& opts, size_t cores) {
  plan::worker_wish wanted{.cores = cores, .takes_many = opts.valid("process-max")};
  if (opts.has_value("process-max"))
    wanted.process_max = static_cast<size_t>(opts.integer("process-max"));
  return plan::count_workers(wanted);
}

} // namespace

plan::worker_counts workers_of(const config::options& opts) {
  return count(opts, std::thread::hardware_concurrency());
}

int log_digits_of(const config::options& opts) {
  return static_cast<int>(count(opts, 1).log_digits);
}

} // namespace pgbraid::cli
