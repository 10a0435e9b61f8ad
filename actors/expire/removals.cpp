// expire: removing, and counting what may not go.
// SPDX-License-Identifier: MIT
#include "actors/expire/removals.hpp"

#include "engine/base/log.hpp"

#include <fmt/format.h>

#include <utility>

namespace pgbraid {

result<void> removals::files(std::span<const std::string> paths) {
  return dry_run_ || paths.empty() ? success() : without_holds(in_.files().remove_files(paths));
}

result<void> removals::tree(const std::string& path) {
  return dry_run_ ? success() : without_holds(in_.files().remove_tree(path));
}

result<void> removals::without_holds(result<void> gone) {
  if (gone || !gone.failure().held)
    return gone;
  if (!first_)
    first_ = gone.failure();
  else
    ++further_;
  return success();
}

void removals::tell() const {
  if (first_)
    log::info("{}: what may not be removed yet is passed over: {}{}", in_.name(), first_->message,
              further_ == 0 ? "" : fmt::format("; {} more place(s) with such files", further_));
}

} // namespace pgbraid
