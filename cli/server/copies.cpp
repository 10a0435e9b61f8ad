// Who runs the copies that another host asks for.
// SPDX-License-Identifier: MIT
#include "cli/server/copies.hpp"

#include "actors/serve/copy_service.hpp"

#include <algorithm>
#include <thread>

namespace pgbraid::cli {

std::unique_ptr<serve::copy_service> make_copies() {
  return actors::make_copy_service(std::max(1U, std::thread::hardware_concurrency()));
}

} // namespace pgbraid::cli
