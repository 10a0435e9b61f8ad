// The clusters of the options.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"
#include "engine/pg/libpq_session.hpp"
#include "storage/cluster/cluster.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace pgbraid::cli {

/// Where PostgreSQL of a configured cluster answers on its own host.
pg::pg_address cluster_address(const config::options& opts, size_t position);

/// One configured cluster, on whatever host it lies; nothing is reached yet.
/// @param opts      must outlive it
/// @param position  0 .. opts.pg_count() - 1
std::shared_ptr<cluster> cluster_at(const config::options& opts, size_t position);
/// All of them, in order of the positions.
std::vector<std::shared_ptr<cluster>> clusters_of(const config::options& opts);

} // namespace pgbraid::cli
