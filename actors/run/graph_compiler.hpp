// How a work comes to the graph that it runs: it draws, and whoever knows the machine compiles.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/run_job.hpp"
#include "engine/graph/compile.hpp"
#include "engine/graph/logical.hpp"

#include <functional>

namespace pgbraid::actors {

/// A drawn graph becomes what runs on this machine.
using graph_compiler =
    std::function<run_settings(const graph::logical_graph& drawn, const graph::task_use& use)>;

/// What would run, for `--explain`.
struct drawn_job {
  graph::logical_graph graph;
  graph::task_use use;
};

} // namespace pgbraid::actors
