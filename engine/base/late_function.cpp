// Functions of a library that is loaded with the first call of one of them.
// SPDX-License-Identifier: MIT
#include "engine/base/late_function.hpp"

#include "engine/base/exit_children.hpp"
#include "engine/base/exit_locks.hpp"
#include "engine/base/log.hpp"

#include <unistd.h>

namespace pgbraid {

void* late_address(late_library& of, const char* name) {
  if (const auto loaded = of.load(); !loaded) {
    log::failure(loaded.failure());
    end_exit_children();
    remove_exit_locks();
    ::_exit(no_library_status);
  }
  return of.function(name);
}

} // namespace pgbraid
