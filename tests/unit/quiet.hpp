// A test whose warnings nobody wants to read.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/log.hpp"

namespace pgbraid::test {

/// While this lives nothing is logged.
struct quiet {
  quiet() { log::configure({.console = log::level::off}); }
  ~quiet() { log::configure({}); }
  quiet(const quiet&) = delete;
  quiet& operator=(const quiet&) = delete;
};

} // namespace pgbraid::test
