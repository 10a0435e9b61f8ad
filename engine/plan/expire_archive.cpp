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
  if (spans.size() == 1 && spans.front().label.empty())
    return true; // there is no backup
  return name.substr(0, timeline_length) >= boundary().substr(0, timeline_length);
}

archive_retention::archive_retention(const format::backup_info& info, archive_rule rule)
    : info_(info), rule_(std::move(rule)) {
  assert(rule_.count >= 1);
  for (auto backup = info.backups.rbegin(); backup != info.backups.rend(); ++backup) {
    if (backup->type <= rule_.counted)
      counted_.push_back(&*backup);
  }
  const auto kept = std::ranges::find(counted_, rule_.keep_from, &format::backup_summary::label);
  if (kept != counted_.end())
    rule_.count =
        std::max<uint64_t>(rule_.count, static_cast<uint64_t>(kept - counted_.begin()) + 1);
}

/// The oldest backup of this id among those that keep all WAL; when these belong to other ids, the
/// newest of this one that counts.
const format::backup_summary* archive_retention::boundary_of(uint64_t history_id) const {
  const format::backup_summary* boundary = nullptr;
  for (size_t i = 0; i < counted_.size(); ++i) {
    if (counted_[i]->history_id == history_id && (i < rule_.count || boundary == nullptr))
      boundary = counted_[i];
  }
  return boundary;
}

/// What was asked for limits what goes, and never makes it more.
archive_plan archive_retention::keep_asked(archive_plan made) const {
  if (rule_.before && (made.spans.empty() || *rule_.before < made.boundary()))
    made.spans.push_back({.label = {}, .start = *rule_.before});
  return made;
}

archive_plan archive_retention::plan(uint64_t history_id, bool is_current) const {
  using action = archive_plan::action;
  if (counted_.size() < rule_.count && !rule_.before)
    return {};
  const auto* boundary = boundary_of(history_id);
  if (boundary == nullptr) {
    if (std::ranges::count(info_.backups, history_id, &format::backup_summary::history_id) > 0)
      return {}; // none that counts: only what other hands wrote is like that
    if (!is_current)
      return {.what = action::remove_all};
    return rule_.before ? keep_asked({.what = action::keep_spans}) : archive_plan();
  }
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
  return keep_asked(std::move(made));
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
