// Names of files that are still being written.
// SPDX-License-Identifier: MIT
#include "engine/io/temporary_name.hpp"

#include "engine/base/bytes.hpp"
#include "engine/base/clock.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>

namespace pgbraid::io {

namespace {

/// Where there is no noise to be had: no two calls of one host give the same.
uint64_t number_without_noise() {
  static std::atomic<uint64_t> calls{0};
  const auto now_ns = static_cast<uint64_t>(wall_clock::now().time_since_epoch().count());
  return (static_cast<uint64_t>(::getpid()) << 40) ^ now_ns ^ (calls++ << 32);
}

} // namespace

std::string own_temporary_name(std::string_view name) {
  std::array<std::byte, 8> noise = {};
  if (::getrandom(noise.data(), noise.size(), 0) != static_cast<ssize_t>(noise.size())) {
    const auto number = number_without_noise();
    std::memcpy(noise.data(), &number, noise.size());
  }
  std::string out(name);
  out += '.';
  out += to_hex(noise);
  out += temporary_suffix;
  return out;
}

} // namespace pgbraid::io
