// Options to graph settings.
// SPDX-License-Identifier: MIT
#include "cli/open/graph_settings.hpp"

#include "cli/open/workers.hpp"
#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "engine/io/descriptor_limit.hpp"

#include <cstdio>

namespace pgbraid::cli {

namespace {

graph::machine machine_of(const config::options& opts, const io::io_limits& limits) {
  const auto counts = workers_of(opts);
  graph::machine out{.cores = counts.cores,
                     .process_max = counts.fixed,
                     .fuse = opts.flag("fuse"),
                     .descriptors_max = io::descriptor_limit()};
  // The unfused graph reads and writes without an engine: its halves are different actors.
  if (out.fuse)
    out.engine_bytes = uint64_t{limits.write_slabs + limits.read_slabs} * limits.slab_bytes;
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
                                    const graph::task_use& use) {
  actors::run_settings out{.graph = {}, .fuse = opts.flag("fuse"), .mode = io_mode_of(opts)};
  const auto machine = machine_of(opts, out.limits);
  out.graph = graph::compile(logical, machine, use);
  if (out.graph.lacks_descriptors && machine.process_max)
    log::warn("process-max is {}, but only {} worker(s) run: this process may have {} files open\n"
              "HINT: raise the limit of open files of the user (ulimit -Hn, LimitNOFILE).",
              *machine.process_max, out.graph.workers_max, machine.descriptors_max);
  log::detail("memory budget: {} for {} worker(s) with {} lane(s); open files: at most {} of {}",
              format_size(out.graph.budget_bytes), out.graph.workers_max, out.graph.lanes,
              out.graph.budget_descriptors, machine.descriptors_max);
  if (log::enabled(log::level::debug))
    log::debug("{}", graph::explain(out.graph, machine));
  return out;
}

void print_graph(const config::options& opts, const graph::logical_graph& logical,
                 const graph::task_use& use) {
  const auto machine = machine_of(opts, io::io_limits{});
  const auto text = graph::explain(graph::compile(logical, machine, use), machine);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

} // namespace pgbraid::cli
