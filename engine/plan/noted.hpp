// A decision, and what has to be said of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace pgbraid::plan {

template <class T> struct noted {
  T choice;
  std::string warning = {}; ///< for the log (WARN); empty: nothing
};

} // namespace pgbraid::plan
