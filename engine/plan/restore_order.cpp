// Ordering and batching of a restore.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_order.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

namespace pgbraid::plan {

namespace {

using file_list = std::vector<const format::manifest_file*>;

/// Cuts a sorted list into batches.
class batcher {
public:
  batcher(std::vector<restore_batch>& out, batch_limits limits) : out_(out), limits_(limits) {}

  void add(const format::manifest_file& file, batch_kind kind, bool joins) {
    const bool unread = kind == batch_kind::empty;
    const bool large = !unread && file.stored_bytes() > batch_limit_bytes;
    // An empty file has a little stored size, too; what counts is that it is not 0.
    const uint64_t bytes = unread ? 1 : std::max<uint64_t>(1, file.stored_bytes());
    if (large || !joins || out_.empty() || out_.back().kind != kind || bytes_ == 0 ||
        out_.back().files.size() == limits_.files || bytes_ + bytes > limits_.bytes) {
      out_.push_back({large ? batch_kind::alone : kind, {}});
      bytes_ = 0;
    }
    out_.back().files.push_back(&file);
    bytes_ += large ? 0 : bytes;
  }

private:
  std::vector<restore_batch>& out_;
  const batch_limits limits_;
  uint64_t bytes_ = 0;
};

/// Same bundle and next to each other.
bool follows(const format::manifest_file& before, const format::manifest_file& file) {
  return before.reference == file.reference && before.bundle_id == file.bundle_id &&
         before.bundle_offset_bytes + before.stored_bytes() == file.bundle_offset_bytes;
}

auto bundle_key(const format::manifest_file* file) {
  return std::tuple(file->reference, file->bundle_id, file->bundle_offset_bytes);
}

} // namespace

bool syncs_small_later(size_t files) {
  constexpr size_t worth_it = 5000;
  return files >= worth_it;
}

bool is_synced_later(const format::manifest_file& file) {
  return file.size_bytes <= batch_limit_bytes;
}

file_set::file_set(std::vector<const format::manifest_file*> files) : sorted_(std::move(files)) {
  std::ranges::sort(sorted_, std::less<>());
}

bool file_set::contains(const format::manifest_file* file) const {
  return std::ranges::binary_search(sorted_, file, std::less<>());
}

batch_limits limits_for(uint64_t bytes) {
  const batch_limits least;
  bytes = std::max(bytes, least.bytes);
  // Where more bytes are worth it, more files are: it is the requests that take long.
  return {bytes, static_cast<size_t>(least.files * std::min<uint64_t>(bytes / least.bytes, 4))};
}

std::vector<restore_batch> order_restore(const format::manifest& of, const restore_rules& rules,
                                         batch_limits limits, const file_set& kept) {
  file_list files;
  for (const auto& file : of.files)
    if (rules.is_restored(file.name))
      files.push_back(&file);
  return order_files(files, rules, limits, kept);
}

std::vector<restore_batch> order_files(std::span<const format::manifest_file* const> files,
                                       const restore_rules& rules, batch_limits limits,
                                       const file_set& kept) {
  file_list alone;
  file_list bundled;
  file_list empty;
  for (const auto* file : files) {
    const bool unread = file->size_bytes == 0 || rules.is_zeroed(file->name) || kept.contains(file);
    auto& list = unread ? empty : file->in_bundle() ? bundled : alone;
    list.push_back(file);
  }
  std::ranges::stable_sort(alone, std::ranges::greater(),
                           [](const auto* file) { return file->stored_bytes(); });
  std::ranges::sort(bundled, {}, bundle_key);

  std::vector<restore_batch> out;
  batcher batches(out, limits);
  const auto first_small = std::ranges::find_if(
      alone, [](const auto* file) { return file->stored_bytes() <= batch_limit_bytes; });
  std::for_each(alone.begin(), first_small,
                [&](const auto* file) { batches.add(*file, batch_kind::small, false); });
  const format::manifest_file* before = nullptr;
  for (const auto* file : bundled) {
    batches.add(*file, batch_kind::bundle, before != nullptr && follows(*before, *file));
    before = file;
  }
  std::for_each(first_small, alone.end(),
                [&](const auto* file) { batches.add(*file, batch_kind::small, true); });
  for (const auto* file : empty)
    batches.add(*file, batch_kind::empty, true);
  return out;
}

} // namespace pgbraid::plan
