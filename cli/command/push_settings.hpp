// How WAL is pushed, as the options say.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push.hpp"
#include "engine/config/options.hpp"
#include "storage/driver/posix/posix_storage.hpp"

#include <memory>

namespace pgbraid::cli {

/// Everything but the file.
push_request push_settings(const config::options& opts);

/// The data directory of the cluster; null where none is configured.
std::unique_ptr<storage> open_pgdata(const config::options& opts);

} // namespace pgbraid::cli
