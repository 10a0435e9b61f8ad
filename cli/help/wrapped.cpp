// Text in lines of 80 columns.
// SPDX-License-Identifier: MIT
#include "cli/help/wrapped.hpp"

#include <algorithm>

namespace pgbraid::cli {

namespace {

constexpr size_t width = 80;

} // namespace

std::string wrapped(std::string_view text, size_t column, size_t indent) {
  std::string out;
  const auto new_line = [&] {
    out += "\n" + std::string(indent, ' ');
    column = indent;
  };
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (column > indent && column + 1 + word.size() > width) {
      new_line();
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    for (; word.size() > width - column; new_line()) {
      const auto room = width - column;
      out += word.substr(0, room);
      word.remove_prefix(room);
    }
    out += word;
    column += word.size();
  }
  return out;
}

} // namespace pgbraid::cli
