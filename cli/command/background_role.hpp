// What background processes have in common.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

#include <functional>
#include <string>

namespace pgbraid::cli {

/// The work of a background process, under its locks. What fails is told to those who wait as a
/// global error in `directory` of the spool, but for a lock that others hold and the end by a
/// signal.
result<int> run_in_background(const config::options& opts, const std::string& directory,
                              const std::function<result<void>()>& work);

} // namespace pgbraid::cli
