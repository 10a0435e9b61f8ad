// Who may do what this user may not, and what to type then.
// SPDX-License-Identifier: MIT
#include "engine/base/access_hint.hpp"

#include "engine/base/user_name.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>

namespace pgbraid {

namespace {

std::string& command_line() {
  static std::string one = "pgbraid";
  return one;
}

std::string shell_word(std::string_view word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-_=./,:@%+";
  if (!word.empty() && word.find_first_not_of(plain) == word.npos)
    return std::string(word);
  std::string out = "'";
  for (const char c : word)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// The path, or whatever above it keeps this process out.
std::optional<std::string> what_refuses(std::string_view path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part(path.substr(0, end));
    const bool last = end == path.npos;
    if (::access(part.c_str(), last ? R_OK : X_OK) != 0)
      return errno == EACCES ? std::optional(part) : std::nullopt;
    if (last)
      return std::nullopt;
  }
}

} // namespace

void note_command_line(std::span<const char* const> words) {
  std::string line;
  for (const auto* word : words)
    line += (line.empty() ? "" : " ") + shell_word(word);
  command_line() = line;
}

std::string type_as(const std::string& user) {
  return fmt::format("Type: sudo -u {} {}", user, command_line());
}

std::string owner_of(std::string path) {
  for (struct stat about = {}; path.size() > 1; path.resize(path.rfind('/'))) {
    if (::stat(path.c_str(), &about) == 0)
      return user_name(about.st_uid);
    if (path.rfind('/') == path.npos)
      break;
  }
  return {};
}

std::string access_hint(const std::string& path) {
  if (!path.starts_with('/'))
    return {};
  const auto refuses = what_refuses(path);
  if (!refuses)
    return {};
  const auto owner = owner_of(*refuses);
  // Who keeps himself out knows best what to type.
  if (owner.empty() || owner == user_name(::geteuid()))
    return {};
  return fmt::format("'{}' belongs to user '{}', and this is user '{}'.\n{}", *refuses, owner,
                     user_name(::geteuid()), type_as(owner));
}

} // namespace pgbraid
