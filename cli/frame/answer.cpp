// Printing answers.
// SPDX-License-Identifier: MIT
#include "cli/frame/answer.hpp"

#include <cstdio>

namespace pgbraid::cli {

result<int> print_answer(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    return error{errc::file_write, "cannot write to standard output"};
  return 0;
}

} // namespace pgbraid::cli
