// Printing answers.
// SPDX-License-Identifier: MIT
#include "cli/frame/answer.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace pgbraid::cli {

result<int> print_answer(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    return error{errc::file_write, "cannot write to standard output"};
  return 0;
}

result<bool> print_piece(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto done = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0 && errno == EPIPE)
      return false;
    if (done < 0)
      return system_error(errc::file_write, "cannot write to standard output", errno);
    bytes.remove_prefix(static_cast<size_t>(done));
  }
  return true;
}

} // namespace pgbraid::cli
