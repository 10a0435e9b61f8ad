// Counts the hostile inputs that tests try, and those that did no harm: the rest are escapes.
// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace pgbraid::test {

/// Says in a test that it tries inputs of a class of tests/README.md. They did no harm if the test
/// passes; where it fails or crashes, all inputs that it counted are escapes.
void hostile(const char* kind, size_t count = 1);

/// Adds a line for tests/hostile.py to the file that PGBRAID_HOSTILE names. Several programs do so
/// at once, and one may crash at any time: each line is one write.
inline void note_hostile(const char* what, const char* kind, size_t count) {
  const auto* const name = std::getenv("PGBRAID_HOSTILE");
  const int file = name == nullptr ? -1 : ::open(name, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0)
    return;
  ::dprintf(file, "%s\t%zu\t%s\n", what, count, kind);
  ::close(file);
}

} // namespace pgbraid::test
