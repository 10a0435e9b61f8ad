// Fusion, pool sizes and the memory budget.
// SPDX-License-Identifier: MIT
#include "engine/graph/compile.hpp"

#include "engine/base/units.hpp"
#include "engine/buffer/slab.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::graph {

namespace {

// SHA-1 is saturated by four streams (bench/README.md, "Priors of the graph").
constexpr size_t usual_lanes = 4;

/// The first node that asks for some is the one that files wait for: with a compressor in the lane
/// encryption is not.
size_t lanes_for(const logical_graph& graph) {
  const auto found =
      std::ranges::find_if(graph.nodes, [](const node& n) { return n.row->lanes != 0; });
  return found == graph.nodes.end() ? usual_lanes : found->row->lanes;
}

/// Of the kernels that run on this host, in one worker.
codec::compress_memory memory_of(const logical_graph& graph) {
  codec::compress_memory out;
  for (const auto& n : graph.nodes) {
    if (!n.here || n.row->memory == nullptr)
      continue;
    const auto more = n.row->memory(*n.rules);
    out.kernel_bytes += more.kernel_bytes;
    out.stream_bytes += more.stream_bytes;
  }
  return out;
}

/// Of a file in a lane, and of one that is being made durable.
struct file_descriptors {
  size_t lane = 0;
  size_t settling = 0;
};

file_descriptors descriptors_of(const logical_graph& graph, const task_use& use) {
  file_descriptors out;
  for (const auto& n : graph.nodes) {
    if (n.row->in_repository ? !use.repository_here : !n.here)
      continue;
    out.lane += n.row->lane_descriptors;
    out.settling += n.row->settling_descriptors;
  }
  return out;
}

// Unfused stages pass slabs on: a window of two at each edge keeps both ends busy.
constexpr size_t slabs_per_edge = 2;

std::vector<stage> fuse_nodes(const logical_graph& graph, bool fuse) {
  std::vector<stage> stages;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& host = graph.nodes[i].host;
    if (fuse && !stages.empty() && stages.back().host == host)
      stages.back().nodes.push_back(i);
    else
      stages.push_back({.nodes = {i}, .host = host});
  }
  return stages;
}

std::string describe_stage(const logical_graph& logical, const stage& at) {
  std::string out;
  for (const auto id : at.nodes)
    out += (out.empty() ? "" : " + ") + std::string(logical.nodes[id].row->name);
  return out;
}

// What a process has open besides its job: log, locks, sessions with PostgreSQL, and eight
// connections to each of two other hosts with three descriptors each.
constexpr size_t process_descriptors = 96;
// The ring of a worker, and what it opens for a moment: a directory, a small file.
constexpr size_t worker_descriptors = 4;
constexpr size_t settling_files_least = 4;

/// Shares out the descriptors.
class descriptor_share {
public:
  descriptor_share(compiled_graph& out, const machine& on, const task_use& use)
      : out_(out), on_(on), use_(use), file_(descriptors_of(out.logical, use)) {}

  void apply() {
    out_.settling_files = use_.settling_files;
    if (on_.descriptors_max != 0) {
      lower(out_.settling_files, settling_files_least);
      lower(out_.workers_max, on_.cores);
      lower(out_.lanes, 1);
      lower(out_.workers_max, 1);
    }
    out_.lacks_descriptors = out_.workers_max < out_.workers_min;
    out_.workers_min = std::min(out_.workers_min, out_.workers_max);
    out_.budget_descriptors = needed();
  }

private:
  size_t needed() const {
    // One more settles than may wait.
    const auto each =
        worker_descriptors + out_.lanes * file_.lane + (out_.settling_files + 1) * file_.settling;
    return process_descriptors + use_.shared_descriptors + out_.workers_max * each;
  }
  /// As little as is needed, not below `least`.
  void lower(size_t& what, size_t least) {
    while (what > least && needed() > on_.descriptors_max)
      --what;
  }

  compiled_graph& out_;
  const machine& on_;
  const task_use& use_;
  const file_descriptors file_;
};

} // namespace

compiled_graph compile(logical_graph logical, const machine& on, const task_use& use) {
  compiled_graph out;
  out.logical = std::move(logical);
  out.stages = fuse_nodes(out.logical, on.fuse);
  out.workers_max = std::max<size_t>(1, on.process_max.value_or(on.cores));
  out.workers_min = on.process_max ? out.workers_max : 1;
  out.lanes = on.fuse ? std::min(lanes_for(out.logical), on.lanes_max) : 1;
  descriptor_share(out, on, use).apply();
  out.slabs_per_worker =
      on.fuse ? out.lanes * chunks_of(out.logical) : slabs_per_edge * out.stages.size();
  // Unfused, pieces of as many files may be under way as there are slabs.
  const auto files = on.fuse ? out.lanes : out.slabs_per_worker;
  const auto kernels = memory_of(out.logical);
  out.budget_bytes =
      use.shared_bytes +
      out.workers_max *
          (out.slabs_per_worker * uint64_t{slab_bytes} + on.engine_bytes + use.bytes_per_worker +
           kernels.kernel_bytes + files * (kernels.stream_bytes + use.bytes_per_file));
  return out;
}

std::string explain(const compiled_graph& compiled, const machine& on) {
  const auto& logical = compiled.logical;
  auto text = fmt::format("logical graph: {} of {} file(s), {}\n", logical.job, logical.file_count,
                          format_size(logical.plain_bytes));
  for (size_t i = 0; i < logical.nodes.size(); ++i) {
    const auto& n = logical.nodes[i];
    std::string next;
    for (const auto& e : logical.edges)
      if (e.from == i)
        next += fmt::format(" -> {}", logical.nodes[e.to].row->name);
    text += fmt::format("  {:<14} host {:<8} {:<8} in ~{:<9} out ~{:<9} {:.2f} s/GiB{}\n",
                        n.row->name, n.host, n.row->load == node_load::cpu ? "cpu" : "blocking",
                        format_size(n.in_bytes), format_size(n.out_bytes), n.cost_s_per_gib, next);
  }
  text += fmt::format("compiled graph: {} stage(s), {}\n", compiled.stages.size(),
                      on.fuse ? "fused" : "not fused (--no-fuse)");
  for (size_t i = 0; i < compiled.stages.size(); ++i)
    text += fmt::format("  stage {} host {}: {}\n", i + 1, compiled.stages[i].host,
                        describe_stage(logical, compiled.stages[i]));
  const auto pool = compiled.workers_min == compiled.workers_max
                        ? fmt::format("{} worker(s), fixed by process-max", compiled.workers_max)
                        : fmt::format("{} to {} worker(s), sizes itself", compiled.workers_min,
                                      compiled.workers_max);
  text += fmt::format("  pool: {}, {} lane(s) each\n", pool, compiled.lanes);
  if (logical.nodes.front().host != logical.nodes.back().host)
    text += "  stages of other hosts have workers and memory of their own, by process-max there\n";
  text += fmt::format("  memory: at most {} for chunks, compression and writes\n",
                      format_size(compiled.budget_bytes));
  text += fmt::format("  open files: at most {}", compiled.budget_descriptors);
  text += on.descriptors_max == 0 ? "\n" : fmt::format(" of {}\n", on.descriptors_max);
  return text;
}

} // namespace pgbraid::graph
