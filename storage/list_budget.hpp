// How much the list of one directory may take in memory.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace pgbraid {

/// What is left for a list that another program sends. Ample for what PostgreSQL and a repository
/// have in one directory (some three million entries: a database of a million tables), little for a
/// program that never ends its list.
class list_budget {
public:
  static constexpr size_t limit_bytes = size_t{512} << 20;
  /// Of an entry and of what it takes until it becomes one.
  static constexpr size_t entry_bytes = 128;

  /// @param shown  the directory, as users know it
  static error exceeded(std::string_view shown) {
    return {errc::protocol,
            "the list of '" + std::string(shown) + "' takes more than " +
                std::to_string(limit_bytes >> 20) + " MiB",
            "No directory of a repository or a cluster has so many files: some three million. Do "
            "other files lie there, or does the other host send a list without an end?"};
  }
  /// Takes one entry into account; false when it is too much.
  bool take(std::string_view name, std::string_view link_destination = {}) {
    const size_t wanted = entry_bytes + name.size() + link_destination.size();
    if (wanted > left_bytes_)
      return false;
    left_bytes_ -= wanted;
    return true;
  }

private:
  size_t left_bytes_ = limit_bytes;
};

} // namespace pgbraid
