// What a resident archiver must notice of the world.
// SPDX-License-Identifier: MIT
#include "cli/server/archiver_world.hpp"

#include "engine/io/unique_fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace pgbraid::cli {

namespace {

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

} // namespace

void noted_files::add(const std::string& path) {
  struct stat now = {};
  if (::lstat(path.c_str(), &now) == 0)
    all_.push_back({path, now});
}

std::optional<std::string> noted_files::replaced() const {
  for (const auto& [path, was] : all_) {
    struct stat now = {};
    if (::lstat(path.c_str(), &now) == 0 && !is_same(now, was))
      return path;
  }
  return std::nullopt;
}

std::optional<std::string> noted_files::removed() const {
  for (const auto& [path, was] : all_) {
    struct stat now = {};
    if (::lstat(path.c_str(), &now) != 0)
      return path;
  }
  return std::nullopt;
}

uint64_t resident_bytes() {
  const io::unique_fd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  std::array<char, 128> text = {};
  const auto got = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (got <= 0)
    return 0;
  std::string_view words(text.data(), static_cast<size_t>(got));
  words.remove_prefix(std::min(words.find(' '), words.size() - 1) + 1); // all of its addresses
  uint64_t pages = 0;
  std::from_chars(words.data(), words.data() + words.size(), pages);
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace pgbraid::cli
