// What a resident archiver must notice of the world: that its program or its socket was replaced,
// and how much memory it takes.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::cli {

/// Files as they were at a moment, by name.
class noted_files {
public:
  /// Notes one more as it is now.
  void add(const std::string& path);
  /// One of them is there and is another file, or has other content by its size and time. One
  /// that is missing may be about to be replaced.
  std::optional<std::string> replaced() const;
  /// One of them is not there any more.
  std::optional<std::string> removed() const;

private:
  struct noted {
    std::string path;
    struct stat was = {};
  };
  std::vector<noted> all_ = {};
};

/// The memory of this process that is in use now; 0 where nobody can say.
uint64_t resident_bytes();

} // namespace pgbraid::cli
