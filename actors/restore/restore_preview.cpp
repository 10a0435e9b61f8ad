// What a restore would do, without doing it.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore_run.hpp"

#include <string>
#include <utility>

namespace pgbraid {

result<report::restore_preview> restore_run::preview() {
  using report::restore_action;
  auto same = find_same(restored_files(), compared_by());
  if (!same)
    return same.failure();
  report::restore_preview out{.backup = backup().label,
                              .repo_key = decided_.source.repo->key(),
                              .pg_path = wanted_.places.pg_path};
  if (decided_.overwrite.any()) {
    auto seen = tree_.each_stranger([&](const plan::restore_place& at, const entry&) {
      out.entries.push_back({restore_action::remove, decided_.where.absolute(at)});
      return success();
    });
    if (!seen)
      return seen.failure();
  }
  for (const auto& file : backup().files) {
    if (!rules_.is_restored(file.name))
      continue;
    const auto action = rules_.is_zeroed(file.name) ? restore_action::zero
                        : same->contains(&file)     ? restore_action::keep
                                                    : restore_action::restore;
    const bool reads = action == restore_action::restore && file.size_bytes != 0;
    out.entries.push_back({action, decided_.where.absolute(decided_.where.locate(file.name)),
                           file.size_bytes, reads ? backup().holder(file) : std::string()});
  }
  return out;
}

} // namespace pgbraid
