// Ordering and batching of a restore.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_order.hpp"

#include "engine/format/label.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>

namespace pgbraid::plan {

namespace {

using file_list = std::vector<const format::manifest_file*>;

/// Cuts a sorted list into batches.
class batcher {
public:
  batcher(const format::manifest& of, std::vector<restore_batch>& out, batch_limits limits,
          bool follows_blocks)
      : of_(of), out_(out), limits_(limits), has_far_(follows_blocks && limits.asks_together()) {}

  /// @param gap_bytes  that are read between it and the one before
  void add(const format::manifest_file& file, batch_kind kind, bool joins, uint64_t gap_bytes = 0) {
    const bool unread = kind == batch_kind::empty;
    const bool large = !unread && file.stored_bytes() > batch_limit_bytes;
    // An empty file has a little stored size, too; what counts is that it is not 0.
    const uint64_t own =
        (unread ? 1 : std::max<uint64_t>(1, file.stored_bytes())) + far_of(file, kind);
    if (large || !joins || out_.empty() || out_.back().kind != kind || bytes_ == 0 ||
        out_.back().files.size() == limits_.files || bytes_ + gap_bytes + own > limits_.bytes) {
      out_.push_back({large ? batch_kind::alone : kind, {}});
      bytes_ = 0;
      gap_bytes = 0;
    }
    out_.back().files.push_back(&file);
    bytes_ += large ? 0 : gap_bytes + own;
  }

private:
  /// What earlier backups may have of a file that is not made of this one alone, with a little for
  /// what lies between there.
  uint64_t far_of(const format::manifest_file& file, batch_kind kind) const {
    if (kind != batch_kind::bundle || !has_far_ || !may_have_far_blocks(of_, file))
      return 0;
    const auto plain = std::min(file.size_bytes, limits_.bytes);
    return plain + plain / 8;
  }

  const format::manifest& of_;
  std::vector<restore_batch>& out_;
  const batch_limits limits_;
  const bool has_far_;
  uint64_t bytes_ = 0;
};

/// What lies between two members of one bundle. Nothing where they are of different ones, or lie in
/// one place.
std::optional<uint64_t> gap_between(const format::manifest_file& before,
                                    const format::manifest_file& file) {
  if (before.reference != file.reference || before.bundle_id != file.bundle_id)
    return {};
  const auto from_begin = file.bundle_offset_bytes - before.bundle_offset_bytes; // they are sorted
  if (from_begin < before.stored_bytes())
    return {};
  return from_begin - before.stored_bytes();
}

auto bundle_key(const format::manifest_file* file) {
  return std::tuple(file->reference, file->bundle_id, file->bundle_offset_bytes);
}

/// Files by how they are read.
struct sorted_files {
  file_list alone = {};
  file_list bundled = {};
  file_list empty = {};
};

std::vector<restore_batch> make_batches(const format::manifest& of, sorted_files files,
                                        batch_limits limits, bool follows_blocks) {
  auto& [alone, bundled, empty] = files;
  std::ranges::stable_sort(alone, std::ranges::greater(),
                           [](const auto* file) { return file->stored_bytes(); });
  std::ranges::sort(bundled, {}, bundle_key);

  std::vector<restore_batch> out;
  batcher batches(of, out, limits, follows_blocks);
  const auto first_small = std::ranges::find_if(
      alone, [](const auto* file) { return file->stored_bytes() <= batch_limit_bytes; });
  std::for_each(alone.begin(), first_small,
                [&](const auto* file) { batches.add(*file, batch_kind::small, false); });
  const format::manifest_file* before = nullptr;
  for (const auto* file : bundled) {
    const auto gap = before == nullptr ? std::nullopt : gap_between(*before, *file);
    const bool near = gap && *gap <= limits.read_over_bytes;
    batches.add(*file, batch_kind::bundle, near || (gap && limits.asks_together()),
                near ? *gap : 0);
    before = file;
  }
  std::for_each(first_small, alone.end(),
                [&](const auto* file) { batches.add(*file, batch_kind::small, true); });
  for (const auto* file : empty)
    batches.add(*file, batch_kind::empty, true);
  return out;
}

} // namespace

bool syncs_small_later(size_t files) {
  constexpr size_t worth_it = 5000;
  return files >= worth_it;
}

bool is_synced_later(const format::manifest_file& file) {
  return file.size_bytes <= batch_limit_bytes;
}

bool may_have_far_blocks(const format::manifest& of, const format::manifest_file& file) {
  return file.is_block_incremental() &&
         format::type_of_label(of.holder(file)) != format::backup_type::full;
}

file_set::file_set(std::vector<const format::manifest_file*> files) : sorted_(std::move(files)) {
  std::ranges::sort(sorted_, std::less<>());
}

bool file_set::contains(const format::manifest_file* file) const {
  return std::ranges::binary_search(sorted_, file, std::less<>());
}

batch_limits limits_for(uint64_t bytes, uint64_t read_over_bytes) {
  const batch_limits least;
  bytes = std::max(bytes, least.bytes);
  // Where more bytes are worth it, more files are: it is the requests that take long.
  return {bytes, static_cast<size_t>(least.files * std::min<uint64_t>(bytes / least.bytes, 4)),
          read_over_bytes};
}

std::vector<restore_batch> order_restore(const format::manifest& of, const restore_rules& rules,
                                         batch_limits limits, const file_set& kept) {
  file_list files;
  for (const auto& file : of.files)
    if (rules.is_restored(file.name))
      files.push_back(&file);
  return order_files(of, files, rules, limits, kept);
}

std::vector<restore_batch> order_files(const format::manifest& of,
                                       std::span<const format::manifest_file* const> files,
                                       const restore_rules& rules, batch_limits limits,
                                       const file_set& kept) {
  sorted_files by;
  for (const auto* file : files) {
    const bool unread = file->size_bytes == 0 || rules.is_zeroed(file->name) || kept.contains(file);
    auto& list = unread ? by.empty : file->in_bundle() ? by.bundled : by.alone;
    list.push_back(file);
  }
  return make_batches(of, std::move(by), limits, true);
}

std::vector<restore_batch> order_stored(const format::manifest& of,
                                        std::span<const format::manifest_file* const> files,
                                        batch_limits limits) {
  sorted_files by;
  for (const auto* file : files)
    (file->in_bundle() ? by.bundled : by.alone).push_back(file);
  return make_batches(of, std::move(by), limits, false);
}

} // namespace pgbraid::plan
