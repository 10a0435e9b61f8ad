// One open directory, and what is opened beneath it.
// SPDX-License-Identifier: MIT
#include "storage/driver/posix/posix_root.hpp"

#include "engine/base/path.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace pgbraid::posix {

bool is_missing(int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR;
}

posix_root::posix_root(std::string path, io::path_walk walk, file_system_claims can)
    : path_(std::move(path)), walk_(walk), can_(can) {
  while (path_.size() > 1 && path_.back() == '/')
    path_.pop_back();
}

error posix_root::failed(std::string_view verb, std::string_view path, int error_number,
                         codes code) const {
  const auto what = "cannot " + std::string(verb) + " '" + shown(path) + "'";
  if (error_number == ELOOP || error_number == EXDEV)
    return {errc::link_destination,
            what + ": a symbolic link is in the way, and below '" + path_ + "' none is followed",
            "What is to lie elsewhere can be mounted there (mount --bind)."};
  return system_error(is_missing(error_number) ? code.missing : code.other, what, error_number);
}

// It is opened once; one that was removed in the meantime is opened anew.
shared_fd posix_root::open() {
  const std::lock_guard guard(mutex_);
  struct stat found = {};
  if (fd_ && ::fstat(fd_->get(), &found) == 0 && found.st_nlink > 0)
    return fd_;
  unique_fd opened(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  fd_ = opened ? std::make_shared<const unique_fd>(std::move(opened)) : nullptr;
  return fd_;
}

unique_fd posix_root::open_at(std::string_view path, int flags) {
  const auto root = open();
  if (!root)
    return {};
  return io::open_beneath(root->get(), std::string(path).c_str(), flags, 0, walk_);
}

int posix_root::open_place(std::string_view path, place& found, int flags) {
  const auto parts = split_path(path);
  found.parent = open_at(parts.parent, flags | O_DIRECTORY);
  found.name = parts.name;
  return found.parent ? 0 : errno;
}

} // namespace pgbraid::posix
