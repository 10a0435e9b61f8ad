// From the top downwards, each exactly as it should be.
// SPDX-License-Identifier: MIT
#include "storage/driver/posix/path_making.hpp"

#include "storage/storage_path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pgbraid::posix {

namespace {

result<void> make_root(const std::string& root, uint32_t mode, bool sync) {
  for (size_t end = root.find('/', 1);; end = root.find('/', end + 1)) {
    const auto part = root.substr(0, end);
    if (::mkdir(part.c_str(), mode & 07777) == 0) {
      ::chmod(part.c_str(), mode & 07777); // whatever the umask
      const auto above = part.substr(0, std::max<size_t>(1, part.rfind('/')));
      const unique_fd parent(sync ? ::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1);
      if (parent && ::fsync(parent.get()) != 0 && errno != EINVAL && errno != EBADF)
        return system_error(errc::path_sync, "cannot sync '" + above + "'", errno);
    } else if (errno != EEXIST)
      return system_error(errc::path_create, "cannot make '" + part + "'", errno);
    if (end == std::string::npos)
      return success();
  }
}

result<void> make_one_path(const posix_root& root, int root_fd, std::string_view path,
                           uint32_t mode, bool sync) {
  const codes code = {errc::path_create, errc::path_create};
  const auto parts = split_path(path);
  const auto parent = io::open_beneath(root_fd, std::string(parts.parent).c_str(),
                                       O_RDONLY | O_DIRECTORY, 0, root.walk());
  if (!parent)
    return root.failed("make", path, errno, code);
  const std::string name(parts.name);
  const bool made = ::mkdirat(parent.get(), name.c_str(), mode & 07777) == 0;
  if (!made && errno != EEXIST)
    return root.failed("make", path, errno, code);
  if (made && ::fchmodat(parent.get(), name.c_str(), mode & 07777, 0) != 0)
    return root.failed("set the mode of", path, errno, {errc::file_mode, errc::file_mode});
  if (made && sync && ::fsync(parent.get()) != 0 && errno != EINVAL && errno != EBADF)
    return root.failed("sync the parent of", path, errno, {errc::path_sync, errc::path_sync});
  return success();
}

} // namespace

result<void> make_paths(posix_root& root, std::string_view path, uint32_t mode, bool sync) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  const codes code = {errc::path_create, errc::path_create};
  if (root.open_at(path, O_PATH | O_DIRECTORY))
    return success();
  if (errno != ENOENT)
    return root.failed("make", path, errno, code);
  if (!root.open())
    if (auto made = make_root(root.path(), mode, root.can().path_sync); !made)
      return made;
  const auto opened = root.open();
  if (!opened)
    return root.failed("make", {}, errno, code);
  const bool sync_each = sync && root.can().path_sync;
  for (size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    if (auto made = make_one_path(root, opened->get(), path.substr(0, end), mode, sync_each); !made)
      return made;
  }
  if (!root.open_at(path, O_PATH | O_DIRECTORY))
    return root.failed("make", path, errno, code);
  return success();
}

} // namespace pgbraid::posix
