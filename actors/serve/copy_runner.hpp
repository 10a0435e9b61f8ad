// Runs the copies that another host asks for, one connection's worth.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/serve/service.hpp"
#include "engine/io/io_engine.hpp"

namespace pgbraid::serve {

/// One service for one connection: it runs one copy at a time, as the graph that a backup on this
/// host would run, with as many workers as were asked for and granted. @p cores of this machine.
/// Nothing of it is left once it is destroyed.
std::unique_ptr<copy_runner> make_copy_runner(size_t cores);

} // namespace pgbraid::serve
