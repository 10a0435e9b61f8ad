// A command that one program of ours began and another one goes on with.
// SPDX-License-Identifier: MIT
#include "cli/frame/continued.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace pgbraid::cli {

namespace {

std::optional<begun_command>& continued() {
  static std::optional<begun_command> one;
  return one;
}

/// The number in front of the next blank; `text` goes on behind it.
std::optional<int64_t> take_number(std::string_view& text) {
  int64_t out = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ' ')
    return std::nullopt;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()) + 1);
  return out;
}

} // namespace

std::string begun_text(const begun_command& one, int64_t process) {
  return fmt::format("{} {} {}", process, one.began.time_since_epoch().count(), one.exec_id);
}

std::optional<begun_command> parse_begun(std::string_view text, int64_t process) {
  const auto of = take_number(text);
  const auto began = take_number(text);
  if (of != process || !began || text.empty())
    return std::nullopt;
  return begun_command{monotonic::time_point(monotonic::duration(*began)), std::string(text)};
}

void continue_command(begun_command one) {
  continued() = std::move(one);
}

const std::optional<begun_command>& continued_command() {
  return continued();
}

} // namespace pgbraid::cli
