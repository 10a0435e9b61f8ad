// Errors as the posix driver words them, and what files held.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/memory_state.hpp"

#include <cerrno>

namespace pgbraid {

error memory_state::failed(std::string_view verb, std::string_view path, int error_number,
                           errc missing, errc other) const {
  const auto what = "cannot " + std::string(verb) + " '" + shown(path) + "'";
  if (error_number == EXDEV || error_number == ELOOP)
    return {errc::link_destination,
            what + ": a symbolic link is in the way, and below '" + root + "' none is followed",
            "What is to lie elsewhere can be mounted there (mount --bind)."};
  const bool absent = error_number == ENOENT || error_number == ENOTDIR;
  return system_error(absent ? missing : other, what, error_number);
}

void memory_state::keep_version(std::string_view path, const memory_node& file) {
  if (!features.versions)
    return;
  auto& all = versions[std::string(path)];
  all.push_back({{.id = std::to_string(all.size() + 1),
                  .size_bytes = file.content.size(),
                  .mtime_s = file.info.mtime_s},
                 file.content});
}

} // namespace pgbraid
