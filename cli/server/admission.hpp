// What the serving side of a command lets another host do.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/serve/service.hpp"
#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

namespace pgbraid::cli {

/// Agrees on a version, takes the locks that the other host asks for, and grants what the options
/// of the remote role name: one repository or one cluster, limited to the stanza if there is one.
/// Fails with `protocol` (39) without a common version, `stop` (62), `lock_acquire` (50), or
/// `access` (105) for locks that are not the stanza's.
result<serve::admission> admit(const config::options& opts, const serve::greeting& greeting);

/// The limits of a link that serves a command.
link::settings serving_settings(const config::options& opts);

} // namespace pgbraid::cli
