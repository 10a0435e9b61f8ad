// The names in an open directory, and the first ones of many.
// SPDX-License-Identifier: MIT
#include "storage/driver/posix/directory_names.hpp"

#include "engine/io/unique_fd.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace pgbraid {

int each_name(int directory_fd, const std::function<bool(const char*)>& take) {
  const std::unique_ptr<DIR, decltype([](DIR* d) { ::closedir(d); })> open(
      ::fdopendir(::dup(directory_fd)));
  if (!open)
    return errno;
  errno = 0;
  while (const auto* next = ::readdir(open.get())) {
    const std::string_view name = next->d_name;
    if (name != "." && name != ".." && !take(next->d_name))
      return 0;
    errno = 0;
  }
  return errno;
}

void first_names::add(std::string_view name) {
  if (name <= after_)
    return;
  all_.emplace_back(name);
  if (all_.size() / 2 >= count_)
    cut();
}

void first_names::cut() {
  if (all_.size() <= count_)
    return;
  more_ = true;
  const auto end = all_.begin() + static_cast<std::ptrdiff_t>(count_);
  std::nth_element(all_.begin(), end, all_.end());
  all_.erase(end, all_.end());
}

bool first_names::finish() {
  cut();
  std::sort(all_.begin(), all_.end());
  return more_;
}

} // namespace pgbraid
