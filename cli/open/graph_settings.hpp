// What the options of a command mean for the graph of its job.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/run_job.hpp"
#include "engine/config/options.hpp"

namespace pgbraid::cli {

/// Option io-engine.
io::io_mode io_mode_of(const config::options& opts);

/// Compiles a logical graph with process-max, fuse and io-engine of the options, and logs the
/// budget of memory and descriptors (DETAIL: the stages). WARN when fewer workers than process-max
/// have enough descriptors.
actors::run_settings graph_settings(const config::options& opts,
                                    const graph::logical_graph& logical,
                                    const graph::task_use& use);

/// `--explain`: both graphs on stdout.
void print_graph(const config::options& opts, const graph::logical_graph& logical,
                 const graph::task_use& use);

} // namespace pgbraid::cli
