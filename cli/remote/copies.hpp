// Who runs the copies that another host asks for.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"
#include "storage/serve/service.hpp"

#include <memory>

namespace pgbraid::cli {

std::unique_ptr<serve::copy_service> make_copies(const config::options& opts);

} // namespace pgbraid::cli
