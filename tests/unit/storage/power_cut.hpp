// A storage in memory that is cut off in the middle of its work.
// SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/storage/faulty_memory.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <string_view>

namespace pgbraid::test {

/// From its n-th change on (from 1) a storage takes none any more, while this lives.
class power_cut {
public:
  power_cut(faulty_memory& files, unsigned nth) : files_(files), nth_(nth) {
    files_.set_hook([this](storage_verb verb, std::string_view) -> std::optional<error> {
      if (changes(verb) && ++seen_ >= nth_)
        return error{errc::file_write, "the power is gone"};
      return {};
    });
  }
  ~power_cut() { files_.set_hook({}); }
  power_cut(const power_cut&) = delete;
  power_cut& operator=(const power_cut&) = delete;
  /// Whether something was refused.
  bool happened() const { return seen_ >= nth_; }

private:
  static bool changes(storage_verb verb) {
    using enum storage_verb;
    constexpr std::array all = {open_write, write, sync, publish, make_path, remove, move};
    return std::ranges::find(all, verb) != all.end();
  }

  faulty_memory& files_;
  const unsigned nth_;
  std::atomic<unsigned> seen_ = 0; ///< a storage may be used by several threads
};

} // namespace pgbraid::test
