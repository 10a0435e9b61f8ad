// Owner and mode of directories that processes agree in.
// SPDX-License-Identifier: MIT
#include "engine/io/trusted_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pgbraid::io {

namespace {

std::string hint_for(std::string_view role) {
  const auto option = std::string(role.substr(0, role.find(' '))) + "-path";
  return "Another user could remove or forge what lies there.\n"
         "Set " +
         option + " to a directory that only the user of this command may write.";
}

} // namespace

result<void> check_directory_trust(const std::string& path, std::string_view role,
                                   const std::vector<uid_t>& also_trusted) {
  struct stat found = {};
  // Through links: it is the directory at their end that others may or may not change.
  if (::stat(path.c_str(), &found) != 0) {
    if (errno == ENOENT)
      return success();
    return system_error(errc::path_open,
                        "cannot look at the " + std::string(role) + " '" + path + "'", errno);
  }
  const auto shown = std::string(role) + " '" + path + "'";
  const bool ours = found.st_uid == ::geteuid() || found.st_uid == 0 ||
                    std::ranges::find(also_trusted, found.st_uid) != also_trusted.end();
  if (!ours)
    return error{errc::file_owner,
                 shown + " belongs to another user (" + std::to_string(found.st_uid) + ")",
                 hint_for(role)};
  if ((found.st_mode & S_IWOTH) != 0)
    return error{errc::file_mode, shown + " may be written by everybody", hint_for(role)};
  return success();
}

} // namespace pgbraid::io
