// Requests about this host and its cluster that need no session.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/serve/service.hpp"
#include "actors/serve/work.hpp"
#include "engine/link/server_link.hpp"

namespace pgbraid::serve {

/// pg/control, pg/facts and repo/cipher. Null for other paths.
std::unique_ptr<work> make_host_work(std::unique_ptr<link::exchange>& asked, const grants& may);

} // namespace pgbraid::serve
