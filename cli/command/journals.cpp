// The journals of repositories that PostgreSQL does not wait for.
// SPDX-License-Identifier: MIT
#include "cli/command/journals.hpp"

#include "cli/command/push_settings.hpp"
#include "cli/open/repositories.hpp"
#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/config/required_repositories.hpp"
#include "engine/io/trusted_directory.hpp"
#include "engine/plan/target_time.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace pgbraid::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view spool_option = "spool path";

/// Every directory on the way to it that may be made by us.
result<void> check_trust(const std::string& spool, const std::string& stanza, unsigned key) {
  std::string path = spool;
  for (const auto& part :
       {std::string(), std::string("journal"), stanza, fmt::format("repo{}", key)}) {
    path = join_path(path, part);
    if (auto fine = io::check_directory_trust(path, spool_option); !fine)
      return fine;
  }
  return success();
}

/// The spool path may be a link; below it none is followed.
std::string real_path(const std::string& path) {
  std::error_code failed;
  const auto real = fs::weakly_canonical(path, failed);
  return failed ? path : real.string();
}

} // namespace

result<journal::wal_journal> open_journal(const config::options& opts, const std::string& stanza,
                                          unsigned key, uint64_t limit_bytes) {
  const auto spool = real_path(opts.text("spool-path"));
  if (auto fine = check_trust(spool, stanza, key); !fine)
    return fine.failure();
  // Rooted above the spool path: where that is made, its name has to become durable.
  const auto [parent, name] = split_path(spool);
  return journal::wal_journal(make_posix_storage(parent.empty() ? "/" : std::string(parent)),
                              fmt::format("{}/journal/{}/repo{}", name, stanza, key), limit_bytes);
}

result<journal::journal_content> look_at_journal(const config::options& opts,
                                                 const std::string& stanza, unsigned key) {
  const auto journal = open_journal(opts, stanza, key);
  if (!journal)
    return journal.failure();
  return journal->look();
}

std::vector<std::string> journal_in_words(const journal::journal_content& content) {
  std::vector<std::string> out;
  if (content.hold)
    out.push_back(fmt::format("takes no WAL since {}: {}",
                              plan::format_local_time(content.hold->since_s), content.hold->why));
  if (!content.waiting.empty())
    out.push_back(fmt::format("{} WAL file(s) wait for it from {} on", content.waiting.size(),
                              content.waiting.front().wal));
  for (const auto& gap : content.gaps)
    out.push_back(fmt::format("has no WAL from {} to {}, since {}", gap.first, gap.last,
                              plan::format_local_time(gap.since_s)));
  for (const auto& one : content.aside)
    out.push_back(fmt::format("does not get WAL file '{}', which is left aside", one.wal));
  for (const auto& name : content.passed_over)
    out.push_back(fmt::format("'{}' in its journal is no regular file, and is passed over", name));
  return out;
}

result<push_ends> push_ends_of(const config::options& opts, const std::string& wal_directory) {
  const auto required = config::required_repositories(opts);
  if (!required)
    return required.failure();
  std::optional<int64_t> max_age_s;
  if (opts.has_value("archive-journal-max-age"))
    max_age_s = opts.time_ms("archive-journal-max-age") / 1000;
  push_ends out{.wal = make_posix_storage(wal_directory), .pgdata = open_pgdata(opts), .to = {}};
  for (auto& door : repository_doors(opts)) {
    const bool is_required = required->contains(door.key);
    auto journal =
        open_journal(opts, opts.text("stanza"), door.key, opts.size_bytes("archive-journal-max"));
    out.journals.push_back({door, journal});
    if (!journal && !is_required)
      return journal.failure();
    const auto waits =
        journal ? journal->look() : result<journal::journal_content>(journal.failure());
    if (is_required)
      out.to.push_back(door);
    if (is_required && !waits)
      log::detail("{}", waits.failure().message);
    if (!is_required || (waits && !waits->waiting.empty()))
      out.besides.push_back({.door = std::move(door),
                             .journal = std::move(*journal),
                             .only_drains = is_required,
                             .max_age_s = max_age_s});
  }
  return out;
}

} // namespace pgbraid::cli
