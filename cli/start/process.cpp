// What both programs do before they look at their words.
// SPDX-License-Identifier: MIT
#include "cli/start/process.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string_view>
#include <utility>

namespace pgbraid::cli {

void forbid_core_files() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlimit none = {0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  // Neither may another process of the same user look into it. (Leak checkers must.)
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

config::inputs inputs_of(int argc, char** argv, std::string program) {
  config::inputs out;
  out.args.assign(argv + 1, argv + argc);
  out.program = std::move(program);
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      out.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

} // namespace pgbraid::cli
