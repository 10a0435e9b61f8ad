// What has changed since the prior backup.
// SPDX-License-Identifier: MIT
#include "engine/plan/backup_changes.hpp"

#include "engine/base/enum_words.hpp"
#include "engine/format/info_value.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

namespace pgbraid::plan {

namespace {

/// `base/1/1259` of `pg_data/base/1/1259`: how messages name files.
std::string shown_name(std::string_view name) {
  constexpr std::string_view data = "pg_data/";
  return format::printable(name.starts_with(data) ? name.substr(data.size()) : name);
}

std::optional<std::string> reason_of_file(const format::manifest& now,
                                          const format::manifest_file& file,
                                          const format::manifest_file* before) {
  if (file.mtime_s > now.copy_start_s)
    return fmt::format("file '{}' has timestamp ({}) in the future (relative to copy start {}), "
                       "enabling delta checksum",
                       shown_name(file.name), file.mtime_s, now.copy_start_s);
  if (!before)
    return {};
  if (file.mtime_s < before->mtime_s)
    return fmt::format("file '{}' has timestamp earlier than prior backup (prior {}, current {}), "
                       "enabling delta checksum",
                       shown_name(file.name), before->mtime_s, file.mtime_s);
  if (file.mtime_s == before->mtime_s && file.size_bytes != before->original_size_bytes())
    return fmt::format("file '{}' has same timestamp ({}) as prior but different size (prior {}, "
                       "current {}), enabling delta checksum",
                       shown_name(file.name), file.mtime_s, before->original_size_bytes(),
                       file.size_bytes);
  return {};
}

/// Goes through the files of both, which are sorted, once.
template <class Function>
void walk_together(auto& files, const format::packed_files& prior, Function&& see) {
  format::packed_files::reader from(prior);
  const auto* before = from.next();
  for (auto& file : files) {
    while (before != nullptr && before->name < file.name)
      before = from.next();
    const bool has = before != nullptr && before->name == file.name;
    if (!see(file, has ? before : nullptr))
      return;
  }
}

} // namespace

std::optional<std::string> find_delta_reason(const format::manifest& now, std::string_view start,
                                             const format::manifest& prior,
                                             const format::packed_files& prior_files) {
  if (!start.empty() && prior.archive_stop &&
      postgres::timeline_of(start) != postgres::timeline_of(*prior.archive_stop))
    return fmt::format("a timeline switch has occurred since the {} backup, enabling delta "
                       "checksum\nHINT: this is normal after restoring from backup or promoting a "
                       "standby.",
                       prior.label);
  if (now.options.online != prior.options.online)
    return fmt::format("the online option has changed since the {} backup, enabling delta checksum",
                       prior.label);
  std::optional<std::string> reason;
  walk_together(now.files, prior_files,
                [&](const format::manifest_file& file, const format::manifest_file* before) {
                  reason = reason_of_file(now, file, before);
                  return !reason;
                });
  return reason;
}

std::string_view file_change_name(file_change change) {
  return word_for(words_of<file_change>("unchanged", "new", "size", "time", "compare", "empty"),
                  change);
}

file_change judge_file(const format::manifest& now, const format::manifest_file& file,
                       const format::manifest& prior, const format::manifest_file* before,
                       bool delta) {
  if (file.size_bytes == 0 && now.bundle)
    return file_change::empty;
  // An empty file that was not stored then can be referred to by nobody.
  if (!before || (before->size_bytes == 0 && prior.bundle))
    return file_change::is_new;
  if (file.size_bytes != before->size_bytes)
    return file_change::size;
  if (file.size_bytes == 0)
    return file_change::unchanged;
  if (!before->has_checksum)
    return file_change::is_new;
  if (delta)
    return file_change::compare;
  return file.mtime_s == before->mtime_s ? file_change::unchanged : file_change::time;
}

void take_walked(format::manifest_file& taken, const format::manifest_file& walked) {
  taken.name = walked.name;
  taken.user = walked.user;
  taken.group = walked.group;
  taken.mode = walked.mode;
  taken.mtime_s = walked.mtime_s;
  taken.has_master = taken.master = false; // obsolete
}

void refer_to_prior(format::manifest& now, format::manifest_file& file,
                    const format::manifest& prior, const format::manifest_file& before) {
  auto taken = before;
  take_walked(taken, file);
  auto rare = *before.rare;
  rare.original_size_bytes.reset();
  if (file.original_size_bytes() != before.size_bytes)
    rare.original_size_bytes = file.original_size_bytes();
  if (rare.page_errors != format::none_index)
    rare.page_errors = now.add_page_errors(prior.page_errors[rare.page_errors]);
  now.set_rare(taken, rare);
  taken.reference = now.reference(prior.holder(before));
  file = taken;
}

change_counts refer_unchanged(format::manifest& now, const format::manifest& prior,
                              const format::packed_files& prior_files, bool delta) {
  change_counts out;
  walk_together(now.files, prior_files,
                [&](format::manifest_file& file, const format::manifest_file* before) {
                  const auto change = judge_file(now, file, prior, before, delta);
                  if (change == file_change::unchanged) {
                    refer_to_prior(now, file, prior, *before);
                    ++out.unchanged;
                  } else if (change != file_change::empty) {
                    ++out.to_copy;
                  }
                  return true;
                });
  return out;
}

void unpack_unreferred(format::manifest& prior, const format::packed_files& prior_files,
                       const format::manifest& now) {
  walk_together(now.files, prior_files,
                [&](const format::manifest_file& file, const format::manifest_file* before) {
                  if (before == nullptr || file.reference != format::none_index)
                    return true;
                  auto kept = *before;
                  kept.name = prior.keep(kept.name);
                  prior.set_rare(kept, *before->rare);
                  prior.files.push_back(kept);
                  return true;
                });
}

const format::manifest_file* comparable(const format::manifest_file& file,
                                        const format::manifest& prior) {
  const auto* before = prior.find_file(file.name);
  const bool same_size = before && before->size_bytes == file.size_bytes;
  return same_size && file.size_bytes > 0 && before->has_checksum ? before : nullptr;
}

} // namespace pgbraid::plan
