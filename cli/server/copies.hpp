// Who runs the copies that another host asks for.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/serve/service.hpp"

#include <memory>

namespace pgbraid::cli {

std::unique_ptr<serve::copy_service> make_copies();

} // namespace pgbraid::cli
