// process-max and the cores of this machine.
// SPDX-License-Identifier: MIT
#include "cli/open/workers.hpp"

#include <thread>

namespace pgbraid::cli {

plan::worker_counts workers_of(const config::options& opts) {
  plan::worker_wish wanted{.cores = std::thread::hardware_concurrency(),
                           .takes_many = opts.valid("process-max")};
  if (opts.has_value("process-max"))
    wanted.process_max = static_cast<size_t>(opts.integer("process-max"));
  return plan::count_workers(wanted);
}

} // namespace pgbraid::cli
