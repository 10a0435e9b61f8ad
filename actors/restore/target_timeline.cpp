// Looking for the history of a timeline.
// SPDX-License-Identifier: MIT
#include "actors/restore/target_timeline.hpp"

#include "engine/base/secret.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/restore_timeline.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbraid {

namespace {

/// The backup's part of the WAL archive.
struct backup_archive {
  std::string archive_id;
  secret pass;
};

result<backup_archive> find_archive(repository& in, const format::manifest& backup) {
  auto info = in.load_archive_info();
  if (!info)
    return info.failure();
  const auto* entry = info->find(backup.history_id, backup.system_id, backup.db_version);
  if (entry == nullptr)
    return error{errc::archive_mismatch,
                 fmt::format("the archive of {} knows no cluster with system id {} and version {}",
                             in.name(), backup.system_id, backup.db_version)};
  const auto id = format::archive_id(*entry);
  auto pass = in.take_wal_pass(*info);
  if (!pass)
    return pass.failure();
  return backup_archive{id, std::move(*pass)};
}

/// The highest timeline that has a history file, else `fallback`.
result<uint32_t> latest_timeline(const repository& in, const backup_archive& archive,
                                 uint32_t fallback) {
  const auto path = format::archive_path(in.stanza()) + "/" + archive.archive_id;
  auto entries = in.files().list(path);
  if (!entries)
    return entries.failure();
  uint32_t latest = fallback;
  if (*entries)
    for (const auto& entry : **entries)
      if (postgres::is_history_name(entry.name))
        latest = std::max(latest, postgres::timeline_of(entry.name));
  return latest;
}

result<std::vector<format::timeline_switch>>
load_history(const repository& in, const backup_archive& archive, uint32_t timeline) {
  const auto path = format::wal_history_path(in.stanza(), archive.archive_id,
                                             fmt::format("{:08X}.history", timeline));
  auto content = read_all(in.files(), path, format::stored_history_limit_bytes);
  if (!content)
    return content.failure();
  if (archive.pass.empty())
    return format::parse_timeline_history(*content);
  const auto text = codec::decrypt_all(as_bytes(*content), archive.pass.view());
  if (!text)
    return text.failure().within("'" + path + "'");
  return format::parse_timeline_history(as_text(*text));
}

/// Where recovery would leave the backup's own timeline.
result<target_timeline> follow(repository& in, const format::manifest& backup,
                               const plan::timeline_wish& wish, uint32_t own) {
  const auto start = postgres::parse_lsn(*backup.lsn_start);
  if (!start)
    return start.failure();
  auto archive = find_archive(in, backup);
  if (!archive)
    return archive.failure();
  auto target = wish.kind == plan::timeline_wish_kind::number ? result<uint32_t>(wish.number)
                                                              : latest_timeline(in, *archive, own);
  if (!target)
    return target.failure();
  if (*target == own)
    return target_timeline{.number = own};
  auto history = load_history(in, *archive, *target);
  if (!history)
    return history.failure();
  if (auto reachable = plan::check_timeline(*target, own, *start, *history); !reachable)
    return reachable.failure();
  return target_timeline{.number = *target, .history = std::move(*history)};
}

} // namespace

result<target_timeline> find_target_timeline(repository& in, const format::manifest& backup,
                                             const timeline_question& wanted) {
  const auto wish = plan::read_timeline_wish(wanted.option, wanted.type, wanted.version);
  if (!wish)
    return wish.failure(); // whatever becomes of it: the text goes into PostgreSQL's configuration
  if (!backup.options.online || !backup.archive_start || !backup.lsn_start ||
      wanted.type == plan::recovery_type::none)
    return target_timeline{};
  if (!postgres::is_segment_name(*backup.archive_start))
    return error{errc::format, "the manifest has no valid backup-archive-start"};
  const auto own = postgres::timeline_of(*backup.archive_start);
  if (wish->kind == plan::timeline_wish_kind::current)
    return target_timeline{.number = own};
  return follow(in, backup, *wish, own);
}

} // namespace pgbraid
