// The requests about files and paths.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/serve/served_roots.hpp"
#include "actors/serve/work.hpp"
#include "engine/link/server_link.hpp"

#include <memory>

namespace pgbraid::serve {

/// Takes over a request whose path begins with `/v1/storage/` (storage/settle is the caller's).
/// Unknown ones are answered with `protocol`.
std::unique_ptr<work> make_storage_work(std::unique_ptr<link::exchange> asked,
                                        std::shared_ptr<served_roots> roots);

} // namespace pgbraid::serve
