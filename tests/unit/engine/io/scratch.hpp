// A directory that a test may fill, and what tests say about files.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/io/io_engine.hpp"
#include "engine/io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace pgbraid::test {

/// Made below TMPDIR, removed at the end.
class scratch {
public:
  scratch() {
    std::string name = std::filesystem::temp_directory_path() / "pgbraid-unit-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string text() const { return path_.string(); }
  io::unique_fd open() const {
    return io::unique_fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  /// Names in it, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& one : std::filesystem::directory_iterator(path_))
      all.push_back(one.path().filename());
    std::sort(all.begin(), all.end());
    return all;
  }

private:
  std::filesystem::path path_;
};

inline void put(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}
inline std::string get(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream all;
  all << file.rdbuf();
  return std::move(all).str();
}
/// Bytes that no two offsets share, the same on each call.
inline std::string noise(size_t size_bytes, unsigned seed = 1) {
  std::mt19937_64 generator(seed);
  std::string out(size_bytes + 8, '\0');
  for (size_t i = 0; i < size_bytes; i += 8) {
    const auto word = generator();
    std::memcpy(out.data() + i, &word, sizeof(word));
  }
  out.resize(size_bytes);
  return out;
}
/// Drops a file from the page cache.
inline void chill(const std::string& path) {
  const io::unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(::fsync(fd.get()) == 0);
  REQUIRE(::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED) == 0);
}

/// The backends to run a suite on; uring is skipped where the kernel forbids it.
struct uring_backend {
  static constexpr auto mode = io::io_mode::uring;
};
struct threads_backend {
  static constexpr auto mode = io::io_mode::threads;
};
/// Null, with a message, when this machine has no such backend.
inline std::unique_ptr<io::io_engine> make_engine(io::io_mode mode, const io::io_limits& limits) {
  auto made = io::io_engine::make(mode, limits);
  if (made)
    return std::move(*made);
  REQUIRE(mode == io::io_mode::uring);
  CHECK(made.failure().code == errc::kernel);
  MESSAGE("skipped: ", made.failure().message);
  return nullptr;
}

} // namespace pgbraid::test
