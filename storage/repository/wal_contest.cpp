// Announcing, looking, waiting and giving way.
// SPDX-License-Identifier: MIT
#include "storage/repository/wal_contest.hpp"

#include "engine/base/stop_signal.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/format/unfinished_wal.hpp"
#include "engine/plan/wal_turn.hpp"

#include <algorithm>
#include <utility>

namespace pgbraid {

namespace {

using clock = monotonic;

template <class Found> void add_new(std::vector<Found>& to, Found one) {
  if (std::ranges::find(to, one.path, &Found::path) == to.end())
    to.push_back(std::move(one));
}

template <class Found> std::vector<format::wal_entry> entries_of(const std::vector<Found>& all) {
  std::vector<format::wal_entry> out;
  for (const auto& one : all)
    out.push_back(one.entry);
  return out;
}

} // namespace

wal_contest::wal_contest(repository& in, wal_file what, contest_limits limits)
    : in_(in), what_(std::move(what)), limits_(limits),
      directory_(format::wal_directory(in.stanza(), what_.archive_id, what_.segment)) {}

result<void> wal_contest::open() {
  auto file = in_.files().open_write(
      directory_ + "/" + format::wal_entry_name(what_.segment, what_.checksum, what_.compress));
  if (!file)
    return file.failure();
  writer_ = std::move(*file);
  return success();
}

result<void> wal_contest::replace(const archived_wal& damaged) {
  auto file = in_.files().open_write(damaged.path);
  if (!file)
    return file.failure();
  writer_ = std::move(*file);
  return success();
}

result<void> wal_contest::look_once() {
  auto listed = in_.files().list(directory_);
  if (!listed)
    return listed.failure();
  const bool partial = what_.segment.ends_with(".partial");
  const auto is_it = [&](const format::wal_entry& one) {
    return one.partial == partial && what_.segment.starts_with(one.segment);
  };
  for (auto& one : listed->value_or(std::vector<entry>())) {
    auto path = directory_ + "/" + one.name;
    if (auto entry = format::parse_wal_entry(one.name); entry && is_it(*entry))
      add_new(stored_, {std::move(*entry), std::move(path)});
    else if (auto other = format::parse_unfinished_wal_entry(one.name); other && is_it(*other))
      add_new(under_way_,
              {std::move(*other), std::move(path), one.info.size_bytes, one.info.mtime_s});
  }
  return success();
}

// Twice, where files get their names: one that does while a list is made may be missing from that
// list under both names, but is in the next one.
result<void> wal_contest::look() {
  stored_.clear();
  under_way_.clear();
  if (auto seen = look_once(); !seen)
    return seen;
  return in_.files().features().rename ? look_once() : success();
}

std::vector<wal_contest::unfinished> wal_contest::rivals() const {
  auto others = under_way_;
  std::erase_if(others, [&](const auto& one) { return one.entry.checksum == what_.checksum; });
  return others;
}

result<bool> wal_contest::enter() {
  using plan::wal_turn;
  began_ = changed_ = clock::now();
  if (auto opened = open(); !opened)
    return opened.failure();
  for (;;) {
    if (auto seen = look(); !seen)
      return seen.failure();
    const auto turn =
        plan::wal_turn_of(what_.checksum, entries_of(stored_), entries_of(under_way_));
    if (turn == wal_turn::taken)
      return error{errc::archive_duplicate, "WAL file '" + what_.segment +
                                                "' already exists in the " + in_.name() +
                                                " archive with a different checksum"};
    if (turn == wal_turn::stored) {
      leave();
      return false;
    }
    if (turn == wal_turn::ours && writer_)
      return true;
    if (turn == wal_turn::second) {
      leave();
    } else if (!writer_) {
      if (auto opened = open(); !opened)
        return opened.failure();
      continue; // what was seen before the announcement does not count
    }
    if (auto waited = wait(); !waited)
      return waited.failure();
  }
}

// Rivals get a moment. Those that do not move are removed: from then on they cannot get their
// names, and the next look says whether they had got them before.
result<void> wal_contest::wait() {
  const auto now = clock::now();
  if (auto others = rivals(); others != waited_for_) {
    waited_for_ = std::move(others);
    changed_ = now;
  }
  if (now - began_ >= limits_.whole)
    return error{errc::archive_duplicate,
                 "WAL file '" + what_.segment + "' is being stored in the " + in_.name() +
                     " archive with a different checksum",
                 "Is more than one cluster archiving to this stanza?"};
  if (now - changed_ >= limits_.still) {
    for (const auto& one : waited_for_)
      if (auto gone = in_.files().remove_file(one.path); !gone)
        return gone;
    return success();
  }
  sleep_unless_stopped(limits_.pause);
  if (should_stop())
    return error{errc::term, "terminated by a signal"};
  return success();
}

result<bool> wal_contest::look_again() {
  leave();
  if (auto seen = look(); !seen)
    return seen.failure();
  const auto turn = plan::wal_turn_of(what_.checksum, entries_of(stored_), {});
  if (turn == plan::wal_turn::taken)
    return error{errc::archive_duplicate, "WAL file '" + what_.segment + "' was stored in the " +
                                              in_.name() +
                                              " archive with a different checksum meanwhile"};
  return turn != plan::wal_turn::stored;
}

void wal_contest::remove_leftovers() {
  if (under_way_.size() <= 1) // its own
    return;
  for (const auto& one : under_way_) // what cannot be removed now may be by the next one
    static_cast<void>(in_.files().remove_file(one.path));
}

} // namespace pgbraid
