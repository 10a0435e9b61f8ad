// Naming what was written.
// SPDX-License-Identifier: MIT
#include "storage/repository/publication.hpp"

namespace pgbraid {

void publication::add(const std::string& path, std::string_view content,
                      const write_options& options) {
  steps_.back().push_back(write_uncommitted(files_, path, content, options));
}

result<void> publication::publish(std::vector<begun>& step) {
  // From here on a file may get its name: none of a later step has come so far.
  for (auto& one : step)
    if (one)
      if (auto handed_over = (*one)->begin_commit(); !handed_over)
        one = handed_over.failure();
  const auto ask = [](begun& one, bool wait) {
    if (one)
      if (auto done = (*one)->committed(wait); !done)
        one = done.failure();
  };
  // When one has its name the others are synced, too: theirs are asked for together.
  for (auto& one : step) {
    ask(one, true);
    if (!one) // whoever comes after it may be its copy
      return one.failure();
    for (auto& other : step)
      ask(other, false);
  }
  return success();
}

result<void> publication::publish() {
  for (auto& step : steps_) {
    if (auto done = publish(step); !done)
      return done;
  }
  return success();
}

} // namespace pgbraid
