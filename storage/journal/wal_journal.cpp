// WAL that a repository has yet to get, kept on this host.
// SPDX-License-Identifier: MIT
#include "storage/journal/wal_journal.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/path.hpp"
#include "engine/io/temporary_name.hpp"

#include <utility>

namespace pgbraid::journal {

namespace {

constexpr std::string_view hold_file = "hold";
constexpr uint64_t hold_limit_bytes = uint64_t{64} << 10;
/// So many more files of this size must fit after one was kept: WAL may lie on the same file
/// system, and PostgreSQL ends when it cannot write any.
constexpr uint64_t files_left_free = 8;
/// No WAL file takes longer to be written down.
constexpr int64_t leftover_age_s = 600;
/// Beside one for each file: others may rename the same marker at the same time.
constexpr size_t gap_tries = 5;

uint64_t sum(const std::vector<plan::journal_entry>& entries) {
  uint64_t out = 0;
  for (const auto& one : entries)
    out += one.size_bytes;
  return out;
}

bool has_name_of_ours(const std::string& name) {
  return plan::parse_journal_name(name) || plan::parse_gap_name(name) || name == hold_file;
}

} // namespace

uint64_t journal_content::size_bytes() const {
  return sum(waiting) + sum(aside);
}

wal_journal::wal_journal(std::shared_ptr<storage> files, std::string path, uint64_t limit_bytes)
    : files_(std::move(files)), path_(std::move(path)), limit_bytes_(limit_bytes) {}

std::string wal_journal::path_of(const plan::journal_entry& entry) const {
  return join_path(path_, plan::journal_name(entry));
}

std::string wal_journal::shown() const {
  return join_path(files_->root(), path_);
}

result<journal_content> wal_journal::look() const {
  auto listed = files_->list(path_);
  if (!listed)
    return listed.failure();
  journal_content out;
  for (const auto& one : listed->value_or(std::vector<entry>())) {
    if (one.info.kind != entry_kind::file) {
      if (has_name_of_ours(one.name))
        out.passed_over.push_back(one.name);
      continue;
    }
    if (auto kept = plan::parse_journal_name(one.name)) {
      kept->size_bytes = one.info.size_bytes;
      kept->since_s = one.info.mtime_s;
      (kept->aside ? out.aside : out.waiting).push_back(std::move(*kept));
    } else if (auto gap = plan::parse_gap_name(one.name)) {
      gap->since_s = one.info.mtime_s;
      out.gaps.push_back(std::move(*gap));
    } else if (one.name == hold_file) {
      if (auto text = read_all(*files_, join_path(path_, hold_file), hold_limit_bytes))
        out.hold = text->empty() ? plan::wordless_hold(one.info.mtime_s) : plan::parse_hold(*text);
    }
  }
  plan::sort_journal(out.waiting);
  plan::sort_journal(out.aside);
  return out;
}

/// Makes the directory, and its name durable: whoever made it may have been killed before. Where
/// the first part of the path is there already, what it is in is nobody's business, and may not be
/// ours to open.
result<void> wal_journal::prepare() {
  const auto first = files_->info(path_.substr(0, path_.find('/')));
  if (!first)
    return first.failure();
  if (auto made = files_->make_path(path_); !made)
    return made;
  std::vector<std::string> parents;
  if (!*first)
    parents.emplace_back("");
  for (auto end = path_.find('/'); end != path_.npos; end = path_.find('/', end + 1))
    parents.push_back(path_.substr(0, end));
  return files_->sync_many_paths(parents);
}

result<bool> wal_journal::has(const plan::journal_entry& entry) {
  const auto there = files_->info(path_of(entry));
  if (!there)
    return there.failure();
  if (!*there || (*there)->kind != entry_kind::file || (*there)->size_bytes != entry.size_bytes)
    return false;
  // Whoever gave it its name may have been killed before that was durable.
  if (auto ready = prepare(); !ready)
    return ready.failure();
  if (auto synced = files_->sync_path(path_); !synced)
    return synced.failure();
  return true;
}

result<std::unique_ptr<io::writer>> wal_journal::begin(const plan::journal_entry& entry) {
  if (auto ready = prepare(); !ready)
    return ready.failure();
  const auto there = look();
  if (!there)
    return there.failure();
  if (there->size_bytes() + entry.size_bytes > limit_bytes_)
    return std::unique_ptr<io::writer>();
  const auto free = files_->free_bytes();
  if (!free)
    return free.failure();
  if (*free && **free < entry.size_bytes * (files_left_free + 1))
    return std::unique_ptr<io::writer>();
  return files_->open_write(path_of(entry));
}

result<void> wal_journal::forget(const plan::journal_entry& entry) {
  return files_->remove_file(path_of(entry));
}

result<void> wal_journal::rename(const std::string& from, const std::string& to) {
  if (auto moved = files_->move(join_path(path_, from), join_path(path_, to)); !moved)
    return moved;
  return files_->sync_path(path_);
}

result<void> wal_journal::set_aside(const plan::journal_entry& entry) {
  auto to = entry;
  to.aside = true;
  return rename(plan::journal_name(entry), plan::journal_name(to));
}

result<bool> wal_journal::note_gap(std::span<const std::string> wals, uint64_t segment_bytes) {
  if (auto ready = prepare(); !ready)
    return ready.failure();
  bool is_new = false;
  for (auto tries = wals.size() + gap_tries;; --tries) {
    const auto there = look();
    if (!there)
      return there.failure();
    const auto change = plan::widen_gaps(there->gaps, wals, segment_bytes);
    if (!change) {
      // Whoever made the marker may have been killed before it was durable.
      if (auto synced = files_->sync_path(path_); !synced)
        return synced.failure();
      return is_new;
    }
    const auto name = plan::gap_name(change->to);
    const auto done = change->from ? rename(plan::gap_name(*change->from), name)
                                   : write_all(*files_, join_path(path_, name), "");
    if (!done && (tries == 0 || !change->from))
      return done.failure();
    is_new = is_new || !change->from;
    if (tries == 0)
      return is_new;
  }
}

result<void> wal_journal::set_hold(const std::optional<plan::journal_hold>& hold) {
  const auto path = join_path(path_, hold_file);
  if (!hold)
    return files_->remove_file(path);
  auto written = write_all(*files_, path, plan::render_hold(*hold), {.sync = false});
  return written ? written : write_all(*files_, path, "", {.sync = false});
}

result<void> wal_journal::check_writable() {
  if (auto ready = prepare(); !ready)
    return ready;
  const auto path = join_path(path_, "check" + std::string(io::temporary_suffix));
  if (auto written = write_all(*files_, path, "check", {.how = publish::in_place}); !written)
    return written;
  return files_->remove_file(path);
}

result<void> wal_journal::remove_leftovers() {
  auto listed = files_->list(path_);
  if (!listed)
    return listed.failure();
  const auto oldest_s = wall_s() - leftover_age_s;
  for (const auto& one : listed->value_or(std::vector<entry>()))
    if (one.name.ends_with(io::temporary_suffix) && one.info.mtime_s < oldest_s)
      if (auto gone = files_->remove_file(join_path(path_, one.name)); !gone)
        return gone;
  return success();
}

} // namespace pgbraid::journal
