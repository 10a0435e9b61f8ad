// Which WAL retention no longer keeps.
// SPDX-License-Identifier: MIT
#include "engine/plan/expire_archive.hpp"

#include <algorithm>
#include <cassert>

namespace pgbraid::plan {

namespace {

constexpr size_t directory_length = 16;
constexpr size_t segment_length = 24;
constexpr size_t timeline_length = 8;

std::string_view directory_of(const std::string& segment) {
  return std::string_view(segment).substr(0, directory_length);
}

} // namespace

bool archive_plan::keeps_directory(std::string_view directory) const {
  return std::any_of(spans.begin(), spans.end(), [&](const auto& span) {
    return directory >= directory_of(span.start) &&
           (!span.stop || directory <= directory_of(*span.stop));
  });
}

bool archive_plan::must_look_into(std::string_view directory) const {
  return directory <= directory_of(boundary());
}

bool archive_plan::keeps_file(std::string_view name) const {
  const auto segment = name.substr(0, segment_length);
  return std::any_of(spans.begin(), spans.end(), [&](const auto& span) {
    return segment >= span.start && (!span.stop || segment <= *span.stop);
  });
}

bool archive_plan::keeps_history(std::string_view name) const {
  return name.substr(0, timeline_length) >= boundary().substr(0, timeline_length);
}

archive_retention::archive_retention(const format::backup_info& info, uint64_t keep_count,
                                     std::string_view keep_from)
    : info_(info), keep_count_(keep_count) {
  assert(keep_count >= 1);
  for (auto backup = info.backups.rbegin(); backup != info.backups.rend(); ++backup) {
    if (backup->type == format::backup_type::full)
      fulls_.push_back(&*backup);
  }
  const auto kept = std::ranges::find(fulls_, keep_from, &format::backup_summary::label);
  if (kept != fulls_.end())
    keep_count_ = std::max<uint64_t>(keep_count_, static_cast<uint64_t>(kept - fulls_.begin()) + 1);
}

archive_plan archive_retention::plan(uint64_t history_id, bool is_current) const {
  using action = archive_plan::action;
  if (fulls_.size() < keep_count_)
    return {};
  // The oldest full backup of this id among those that keep all WAL; when these belong to other
  // ids, the newest full backup of this one.
  const format::backup_summary* boundary = nullptr;
  for (size_t i = 0; i < fulls_.size(); ++i) {
    if (fulls_[i]->history_id == history_id && (i < keep_count_ || boundary == nullptr))
      boundary = fulls_[i];
  }
  if (boundary == nullptr)
    return {.what = is_current ? action::none : action::remove_all};
  if (!boundary->archive_start)
    return {};
  archive_plan made{.what = action::keep_spans};
  auto start = *boundary->archive_start;
  for (const auto& backup : info_.backups) {
    if (backup.history_id != history_id || !backup.archive_start)
      continue;
    if (backup.label < boundary->label)
      made.spans.push_back({backup.label, *backup.archive_start,
                            backup.archive_stop.value_or(*backup.archive_start)});
    else // a newer backup on a lower timeline needs its WAL too
      start = std::min(start, *backup.archive_start);
  }
  made.spans.push_back({boundary->label, std::move(start)});
  return made;
}

result<void> check_histories(const format::archive_info& archive,
                             const format::backup_info& backup) {
  const bool same =
      std::equal(archive.history.begin(), archive.history.end(), backup.history.begin(),
                 backup.history.end(), [](const auto& a, const auto& b) {
                   return a.id == b.id && a.system_id == b.system_id && a.version == b.version;
                 });
  if (same)
    return success();
  return error{errc::format, "archive.info and backup.info list different clusters",
               "Was one of them restored from elsewhere? No WAL can be expired until they agree."};
}

} // namespace pgbraid::plan
