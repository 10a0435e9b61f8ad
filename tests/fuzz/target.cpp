// What must hold for any input.
// SPDX-License-Identifier: MIT
#include "tests/fuzz/target.hpp"

#include "engine/base/printable.hpp"

#include <cstdio>
#include <cstdlib>

namespace pgbraid::fuzz {

void must(bool holds, std::string_view what) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void must_be_shown(const error& what) {
  must(printable(what.message) == what.message, "messages are printable");
  must(printable(what.hint) == what.hint, "hints are printable");
}

} // namespace pgbraid::fuzz
