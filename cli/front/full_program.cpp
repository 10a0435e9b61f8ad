// Becoming the full program.
// SPDX-License-Identifier: MIT
#include "cli/front/full_program.hpp"

#include "cli/start/installed_pair.hpp"
#include "engine/base/bytes.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

namespace pgbraid::cli {

error become_full_program(char** argv, const std::string& front) {
  const auto full = full_program_of(front);
  ::execv(full.c_str(), argv);
  auto failed = system_error(errc::execute, fmt::format("unable to start '{}'", full), errno);
  failed.hint = fmt::format("'{}' answers for WAL that was archived or fetched ahead and leaves "
                            "everything else to that program.\n"
                            "Install both of them: cmake --install does.",
                            front);
  return failed;
}

} // namespace pgbraid::cli
