// Dealing the files of a backup.
// SPDX-License-Identifier: MIT
#include "engine/plan/backup_batches.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>

namespace pgbraid::plan {

namespace {

std::vector<batch> bundles_of(std::span<file_weight> small, const batch_rules& rules) {
  std::ranges::sort(small, [](const file_weight& a, const file_weight& b) {
    return std::tie(a.target, a.mtime_s, a.name) < std::tie(b.target, b.mtime_s, b.name);
  });
  std::vector<batch> out;
  const file_weight* previous = nullptr;
  for (const auto& file : small) {
    const bool same_target = previous && previous->target == file.target;
    if (!same_target || out.back().plain_bytes >= rules.bundle_size_bytes ||
        out.back().files.size() >= bundle_files)
      out.push_back({.bundle_id = rules.first_bundle_id + static_cast<uint32_t>(out.size())});
    out.back().files.push_back(file.index);
    out.back().plain_bytes += file.size_bytes;
    previous = &file;
  }
  return out;
}

std::vector<batch> batches_of(std::span<file_weight> alone) {
  std::ranges::sort(alone, [](const file_weight& a, const file_weight& b) {
    return std::tie(b.size_bytes, a.name) < std::tie(a.size_bytes, b.name);
  });
  std::vector<batch> out;
  for (const auto& file : alone) {
    const bool fits = !out.empty() && out.back().files.size() < small_batch_files &&
                      out.back().plain_bytes + file.size_bytes <= small_batch_bytes;
    if (!fits)
      out.emplace_back();
    out.back().files.push_back(file.index);
    out.back().plain_bytes += file.size_bytes;
  }
  return out;
}

} // namespace

std::vector<batch> deal_backup(std::vector<file_weight> files, const batch_rules& rules) {
  // There may be a million of them: they are told apart in place.
  const auto is_bundled = [&](const file_weight& file) {
    return rules.bundle && file.size_bytes <= rules.bundle_limit_bytes;
  };
  std::erase_if(files, [&](const auto& file) { return is_bundled(file) && file.size_bytes == 0; });
  const auto bundled = std::ranges::partition(files, std::not_fn(is_bundled));
  auto out = batches_of({files.begin(), bundled.begin()});
  auto bundles = bundles_of(bundled, rules);
  out.insert(out.end(), std::make_move_iterator(bundles.begin()),
             std::make_move_iterator(bundles.end()));
  return out;
}

} // namespace pgbraid::plan
