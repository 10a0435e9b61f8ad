// What the options of a command mean for the graph of its job.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run_job.hpp"
#include "engine/config/options.hpp"

namespace pgbraid::cli {

/// Option io-engine.
io::io_mode io_mode_of(const config::options& opts);

/// Compiles a logical graph with process-max, fuse and io-engine of the options, and logs the
/// memory budget (DETAIL: the stages).
/// @param extra_bytes_per_worker  what tasks of the job hold beside chunks and write slabs
actors::run_settings graph_settings(const config::options& opts,
                                    const graph::logical_graph& logical,
                                    uint64_t extra_bytes_per_worker);

/// `--explain`: both graphs on stdout.
void print_graph(const config::options& opts, const graph::logical_graph& logical,
                 uint64_t extra_bytes_per_worker);

} // namespace pgbraid::cli
