// Naming what was written.
// SPDX-License-Identifier: MIT
#include "storage/repository/publication.hpp"

namespace pgbraid {

void publication::add(const std::string& path, std::string_view content) {
  steps_.back().push_back(begin_write_all(files_, path, content, {.may_open_late = true}));
}

result<void> publication::publish() {
  for (auto& step : steps_) {
    result<void> outcome = success();
    const auto commit = [&outcome](begun& one, bool wait) {
      const auto done = one ? (*one)->committed(wait) : result<bool>(one.failure());
      if (!done && outcome)
        outcome = done.failure();
    };
    for (const bool wait : {false, true}) // all are asked for before one is waited for
      for (auto& one : step)
        commit(one, wait);
    if (!outcome)
      return outcome;
  }
  return success();
}

} // namespace pgbraid
