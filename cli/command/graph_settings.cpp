// Options to graph settings.
// SPDX-License-Identifier: MIT
#include "cli/command/graph_settings.hpp"

#include "engine/base/log.hpp"
#include "engine/base/units.hpp"

#include <cstdio>
#include <thread>

namespace pgbraid::cli {

namespace {

graph::machine machine_of(const config::options& opts, const io::io_limits& limits,
                          uint64_t extra_bytes_per_worker) {
  graph::machine out{.cores = std::max(1U, std::thread::hardware_concurrency()),
                     .fuse = opts.flag("fuse"),
                     .engine_bytes = extra_bytes_per_worker};
  // The unfused graph reads and writes without an engine: its halves are different actors.
  if (out.fuse)
    out.engine_bytes += uint64_t{limits.write_slabs + limits.read_slabs} * limits.slab_bytes;
  if (opts.has_value("process-max"))
    out.process_max = static_cast<size_t>(opts.integer("process-max"));
  return out;
}

} // namespace

io::io_mode io_mode_of(const config::options& opts) {
  const auto& word = opts.text("io-engine");
  return word == "uring"     ? io::io_mode::uring
         : word == "threads" ? io::io_mode::threads
                             : io::io_mode::automatic;
}

actors::run_settings graph_settings(const config::options& opts,
                                    const graph::logical_graph& logical,
                                    uint64_t extra_bytes_per_worker) {
  actors::run_settings out{.graph = {}, .fuse = opts.flag("fuse"), .mode = io_mode_of(opts)};
  const auto machine = machine_of(opts, out.limits, extra_bytes_per_worker);
  out.graph = graph::compile(logical, machine);
  log::detail("memory budget: {} for {} worker(s) with {} lane(s)",
              format_size(out.graph.budget_bytes), out.graph.workers_max, out.graph.lanes);
  if (log::enabled(log::level::debug))
    log::debug("{}", graph::explain(logical, out.graph, machine));
  return out;
}

void print_graph(const config::options& opts, const graph::logical_graph& logical,
                 uint64_t extra_bytes_per_worker) {
  const auto machine = machine_of(opts, io::io_limits{}, extra_bytes_per_worker);
  const auto text = graph::explain(logical, graph::compile(logical, machine), machine);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

} // namespace pgbraid::cli
