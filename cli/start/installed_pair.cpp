// The two programs of an installation.
// SPDX-License-Identifier: MIT
#include "cli/start/installed_pair.hpp"

#include <sys/auxv.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

namespace pgbraid::cli {

namespace {

namespace fs = std::filesystem;

/// Of the folders that the build was configured with; an installation can be moved as a whole.
constexpr const char* front_to_full = PGBRAID_FRONT_TO_FULL;
constexpr const char* full_to_front = PGBRAID_FULL_TO_FRONT;

std::string beside(const std::string& program, const char* way) {
  return (fs::path(program).parent_path() / way).lexically_normal().string();
}

} // namespace

std::string running_program() {
  std::array<char, 4096> path = {};
  const auto size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size > 0)
    return {path.data(), static_cast<size_t>(size)};
  // The first word would not do: a bare name says nothing of where the program lies.
  const std::string started = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  std::error_code failed;
  const auto real = fs::canonical(started, failed);
  return failed ? started : real.string();
}

std::string full_program_of(const std::string& front) {
  return beside(front, front_to_full);
}

std::string program_for_users(const std::string& full) {
  auto front = beside(full, full_to_front);
  return full_program_of(front) == full && ::access(front.c_str(), X_OK) == 0 ? front : full;
}

} // namespace pgbraid::cli
