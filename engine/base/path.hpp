// Taking paths apart and putting them together; nothing here looks at a disk.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace pgbraid {

/// `a` and `b/c` -> `a/b/c`. Either part may be empty; below `/` no slash is doubled.
inline std::string join_path(std::string_view directory, std::string_view name) {
  std::string out(directory);
  if (!out.empty() && !name.empty() && out.back() != '/')
    out += '/';
  return out.append(name);
}

/// `a/b/c` -> {`a/b`, `c`}; `c` -> {``, `c`}.
struct path_parts {
  std::string_view parent;
  std::string_view name;
};
inline path_parts split_path(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos)
    return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

} // namespace pgbraid
