// Takes one WAL file from whichever repository has it undamaged.
// SPDX-License-Identifier: MIT
#include "actors/archive/get.hpp"

#include "actors/archive/get_source.hpp"
#include "engine/base/failures.hpp"
#include "engine/base/log.hpp"
#include "engine/base/retry.hpp"
#include "engine/base/side_by_side.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/codec/packed_size.hpp"
#include "engine/format/timeline_history.hpp"
#include "engine/graph/single_lane.hpp"
#include "engine/io/file_writer.hpp"
#include "engine/plan/archive_trouble.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/cluster/control_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace pgbraid {

namespace {

/// One that holds the file is waited for no longer than this for the sake of the others.
constexpr std::chrono::milliseconds grace(800);
/// Recovery goes on without a history file that is not there, so that less waiting must do.
constexpr std::chrono::milliseconds history_patience(10'000);
constexpr back_off pauses{std::chrono::milliseconds(250), back_off::growth::doubling,
                          std::chrono::milliseconds(4000)};

/// One place where the file lies.
struct candidate {
  get_source* source = nullptr;
  size_t index = 0; ///< of the repository among those that were asked
  found_wal at = {};
};

class get {
public:
  /// @param may_end_recovery  as of `get_ends`
  get(const get_request& wanted, storage& pgdata, const postgres::control_file& control,
      const std::vector<wal_asker>& from, std::function<void()> may_end_recovery)
      : wanted_(wanted), pgdata_(pgdata), control_(control), from_(from),
        may_end_recovery_(std::move(may_end_recovery)) {}

  /// Whether the file was found (and is at its destination).
  result<bool> run();
  std::vector<bool> troubled() const;

private:
  std::chrono::milliseconds patience() const;
  void note_troubles();
  std::vector<candidate> collect();
  result<void> require_one_content(const std::vector<candidate>& all) const;
  result<std::unique_ptr<io::writer>> open_destination() const;
  result<void> check_content(const candidate& from, uint64_t size_bytes,
                             const std::string& checksum) const;
  result<void> deliver(const candidate& from);
  result<bool> deliver_any(const std::vector<candidate>& all);
  bool may_heal() const;
  void ask_again();
  repository_errors listed_troubles() const;
  error why_not();
  error give_up();

  const get_request& wanted_;
  storage& pgdata_;
  const postgres::control_file& control_;
  const std::vector<wal_asker>& from_;
  const std::function<void()> may_end_recovery_;
  uint32_t mode_ = 0600;
  std::optional<side_by_side<get_source>> asked_ = {};
  /// Of each repository, as long as it gave no use.
  std::vector<std::optional<error>> troubles_ = {};
  bool undelivered_ = false; ///< it was found, and could not be had
};

/// How long a repository that cannot be asked is waited for, and asked again.
std::chrono::milliseconds get::patience() const {
  return postgres::is_segment_or_partial_name(wanted_.name)
             ? wanted_.patience
             : std::min(wanted_.patience, history_patience);
}

/// What keeps repositories from being of use, besides files that could not be had from them.
void get::note_troubles() {
  for (size_t i = 0; i < asked_->size(); ++i) {
    auto* came = asked_->answer(i);
    if (came == nullptr || !*came)
      troubles_[i] = asked_->failure(i);
  }
}

std::vector<candidate> get::collect() {
  std::vector<candidate> all;
  for (size_t i = 0; i < asked_->size(); ++i) {
    auto* came = asked_->answer(i);
    if (came == nullptr || !*came)
      continue;
    for (const auto& one : (*came)->found)
      all.push_back({.source = &**came, .index = i, .at = one});
  }
  return all;
}

/// Nobody can tell which of two contents of one segment is the right one.
result<void> get::require_one_content(const std::vector<candidate>& all) const {
  std::set<std::string_view> checksums;
  for (const auto& one : all)
    checksums.insert(one.at.checksum);
  if (checksums.size() <= 1)
    return success();
  error found{errc::archive_duplicate,
              fmt::format("duplicates found for WAL segment {}:", wanted_.name),
              "Is more than one cluster archiving to this stanza?"};
  for (const auto& one : all)
    found.message += fmt::format("\n{}: {}", one.source->from->repo->name(), one.at.path);
  return found;
}

/// PostgreSQL syncs what it takes over, so nothing is synced here. A call that a PostgreSQL which
/// is gone has left running may not publish its segment for the one that this PostgreSQL asked for.
result<std::unique_ptr<io::writer>> get::open_destination() const {
  const auto& directory = wanted_.destination.directory;
  io::unique_fd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent)
    return system_error(errno == ENOENT ? errc::file_missing : errc::file_open,
                        fmt::format("cannot open '{}' for writing", directory), errno);
  return io::open_file_writer(
      {std::move(parent), wanted_.destination.name, directory + "/" + wanted_.destination.name},
      {.newest_wins = true, .sync = false, .mode = mode_});
}

/// What is shorter than a segment ends a recovery as if there were no more WAL.
result<void> get::check_content(const candidate& from, uint64_t size_bytes,
                                const std::string& checksum) const {
  if (from.at.checksum.empty())
    return success();
  if (checksum != from.at.checksum)
    return error{errc::checksum, fmt::format("'{}' is damaged: its content has checksum '{}'",
                                             from.at.path, checksum)};
  if (size_bytes != control_.wal_segment_bytes)
    return error{errc::file_read,
                 fmt::format("'{}' holds {} bytes but pg_control says that segments have {}",
                             from.at.path, size_bytes, control_.wal_segment_bytes)};
  return success();
}

result<void> get::deliver(const candidate& from) {
  const auto limit_bytes =
      from.at.checksum.empty() ? format::history_limit_bytes : uint64_t{control_.wal_segment_bytes};
  auto file = from.source->from->repo->files().open_read(
      from.at.path, {.limit_bytes = codec::packed_limit_bytes(limit_bytes), .alone = true});
  if (!file)
    return file.failure();
  auto writer = open_destination();
  if (!writer)
    return writer.failure();

  auto lane = graph::single_lane::make(graph::restore_graph(
      {.rules = {.compression = from.at.compress, .cipher_pass = from.source->from->pass}}));
  if (!lane)
    return lane.failure();
  const polled_signals polling;
  auto end = graph::write_to(**writer, limit_bytes);
  const auto copied = lane->run(**file, end);
  if (!copied && copied.failure().code == errc::format) // that of what is in it
    return copied.failure().within(fmt::format("'{}'", from.at.path));
  if (!copied)
    return copied.failure();
  if (auto good = check_content(from, end.arrived_bytes, to_hex(lane->checksum())); !good)
    return good;
  return io::commit(**writer);
}

/// From the first that gives it undamaged. What the others have against it are warnings then.
result<bool> get::deliver_any(const std::vector<candidate>& all) {
  for (const auto& one : all) {
    const auto delivered = deliver(one);
    if (delivered) {
      const auto troubles = listed_troubles();
      for (const auto& line : troubles.lines())
        log::write(log::level::warn, line, wanted_.process);
      log::write(wanted_.found_level,
                 fmt::format("found {} in the {}: {} archive", wanted_.name,
                             one.source->from->repo->name(), one.at.archive_id),
                 wanted_.process);
      return true;
    }
    if (delivered.failure().code == errc::term)
      return delivered.failure();
    troubles_[one.index] = delivered.failure();
    one.source->found.clear();
    undelivered_ = true;
  }
  return false;
}

bool get::may_heal() const {
  return std::ranges::any_of(troubles_,
                             [](const auto& one) { return one && plan::may_heal(one->code); });
}

void get::ask_again() {
  for (size_t i = 0; i < asked_->size(); ++i) {
    if (!troubles_[i] || !plan::may_heal(troubles_[i]->code))
      continue;
    troubles_[i].reset();
    if (asked_->answer(i) == nullptr)
      continue;
    from_[i].reconnect();
    asked_->ask_again(i);
  }
}

repository_errors get::listed_troubles() const {
  repository_errors all;
  for (size_t i = 0; i < troubles_.size(); ++i)
    if (troubles_[i])
      all.add(from_[i].key, *troubles_[i]);
  return all;
}

/// Where nobody could give the file, and not everybody could tell whether it is there.
error get::why_not() {
  const auto troubles = listed_troubles();
  if (undelivered_)
    return troubles.all(errc::file_read, fmt::format("unable to get {}:", wanted_.name));
  if (troubles.lines().size() == troubles_.size())
    return troubles.all(errc::repo_invalid, "unable to find a valid repository:");
  return troubles.all(
      errc::repo_invalid,
      fmt::format("unable to find {}, and not every repository could be asked:", wanted_.name));
}

/// The last word.
error get::give_up() {
  const auto some = std::ranges::any_of(troubles_, [](const auto& one) { return !one; });
  // Where somebody was asked and knows of no newer timeline, recovery follows the one it is on.
  if (some && !undelivered_ && !postgres::is_segment_or_partial_name(wanted_.name))
    may_end_recovery_();
  return why_not();
}

result<bool> get::run() {
  if (auto info = pgdata_.info(""); info && *info)
    mode_ = (*info)->mode & 0640;
  std::vector<side_by_side<get_source>::question> questions;
  for (const auto& one : from_)
    questions.push_back([ask = one.ask, name = wanted_.name] { return ask(name); });
  asked_.emplace(std::move(questions));
  troubles_.resize(asked_->size());
  retry tries(
      {.limit = patience(), .pauses = pauses, .late = late_pause::refused, .hears_stop = false});
  while (true) {
    asked_->wait(tries.until(), grace, [](const get_source& one) { return !one.found.empty(); });
    note_troubles();
    const auto all = collect();
    if (auto one = require_one_content(all); !one)
      return one.failure();
    if (const auto delivered = deliver_any(all); !delivered || *delivered)
      return delivered;
    if (listed_troubles().empty()) {
      log::write(wanted_.found_level, fmt::format("unable to find {} in the archive", wanted_.name),
                 wanted_.process);
      return false;
    }
    if (wanted_.once || !may_heal() || !tries.may_go_on())
      return give_up();
    if (tries.failures() == 1)
      log::warn("{}\ntrying again for up to {}s", why_not().message,
                std::chrono::ceil<std::chrono::seconds>(patience()).count());
    tries.pause();
    ask_again();
  }
}

std::vector<bool> get::troubled() const {
  std::vector<bool> out;
  for (const auto& one : troubles_)
    out.push_back(one.has_value());
  return out;
}

} // namespace

result<postgres::control_file> recovering_cluster(storage& pgdata) {
  auto control = read_control(pgdata);
  if (!control)
    return control.failure();
  if (!control->fields.checkpoint_is_invalid())
    return control->fields;
  auto label = pgdata.info("backup_label");
  if (!label)
    return label.failure();
  if (*label)
    return control->fields;
  return error{errc::format, "pg_control from backup is not valid without backup_label",
               "Was the backup_label file removed?\nRestore the backup again and leave the file "
               "where it is."};
}

result<bool> get_wal(const get_request& wanted, const get_ends& between) {
  const auto control = recovering_cluster(between.pgdata);
  if (!control)
    return control.failure();
  std::vector<wal_asker> from;
  for (const auto& door : between.from)
    from.push_back(ask_anew(door, *control));
  return get(wanted, between.pgdata, *control, from, between.may_end_recovery).run();
}

got_wal get_wal_of(const get_request& wanted, storage& pgdata, const std::vector<wal_asker>& from) {
  const auto control = recovering_cluster(pgdata);
  if (!control)
    return {.found = control.failure()};
  get one(wanted, pgdata, *control, from, [] {});
  auto found = one.run();
  return {.found = std::move(found), .troubled = one.troubled()};
}

} // namespace pgbraid
