// Stores one segment in several repositories.
// SPDX-License-Identifier: MIT
#include "actors/archive/segment_push.hpp"

#include "actors/archive/stored_wal.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/repository/wal_contest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid {

namespace {

/// The part of one repository in the copy.
struct push_branch {
  push_target* target = nullptr;
  std::unique_ptr<wal_contest> place;
  compress_type compress = compress_type::none;
};

class segment_push {
public:
  segment_push(const push_request& wanted, segment_source& segment,
               std::span<push_target* const> to, repository_errors& failed)
      : wanted_(wanted), segment_(segment), to_(to), failed_(failed) {}

  result<void> run();

private:
  result<void> sync_archive(push_target& target);
  result<bool> accept_stored(push_branch& branch);
  result<bool> enter(push_branch& branch);
  result<void> copy_segment(const std::string& checksum, compress_type type,
                            std::span<push_branch> to);
  result<void> publish(std::span<push_branch> open, std::span<graph::branch_end> copied);
  result<void> settle_failure(push_branch& branch, const error& why);

  const push_request& wanted_;
  segment_source& segment_;
  const std::span<push_target* const> to_;
  repository_errors& failed_;
};

/// Makes the names of a segment and of its directory durable.
result<void> segment_push::sync_archive(push_target& target) {
  const auto directory =
      format::wal_directory(target.repo->stanza(), target.archive_id, segment_.wal().name);
  return target.repo->files().sync_many_paths(
      std::array{directory, directory.substr(0, directory.rfind('/'))});
}

/// The name is there already. It counts when one file that has it holds what it says; else the
/// first is written anew, and the branch is made ready for that. Returns whether it counts.
result<bool> segment_push::accept_stored(push_branch& branch) {
  auto& target = *branch.target;
  std::optional<error> damage;
  for (const auto& one : branch.place->stored()) {
    auto found = damage_of(*target.repo, one, target.pass, segment_.segment_bytes());
    if (!found)
      return found.failure();
    damage = std::move(*found);
    if (damage)
      continue;
    if (wanted_.says_when_there) {
      wanted_.warn(
          fmt::format("WAL file '{}' already exists in the {} archive with the same checksum\n"
                      "HINT: That is normal after a crash or a restore; else a second cluster may "
                      "archive here.",
                      segment_.wal().name, target.repo->name()));
    }
    // Whoever put it there may have been killed before its directories were on disk.
    if (auto synced = sync_archive(target); !synced)
      return synced.failure();
    return true;
  }
  const auto& first = branch.place->stored().front();
  wanted_.warn(fmt::format("'{}' in the {} archive is damaged and is replaced: {}", first.path,
                           target.repo->name(), damage->message));
  if (auto opened = branch.place->replace(first); !opened)
    return opened.failure();
  branch.compress = first.entry.compress;
  return false;
}

/// Whether the branch is to be written: it has its file then. The same segment with other content
/// is an error that ends the command: two clusters must not archive to one place.
result<bool> segment_push::enter(push_branch& branch) {
  auto mine = branch.place->enter();
  if (!mine || *mine)
    return mine;
  auto there = accept_stored(branch);
  if (!there)
    return there.failure();
  return !*there;
}

/// What to say of a file that could not get its name: somebody else may have stored the segment.
result<void> segment_push::settle_failure(push_branch& branch, const error& why) {
  auto missing = branch.place->look_again();
  if (!missing && missing.failure().code == errc::archive_duplicate)
    return missing.failure();
  if (missing && !*missing)
    if (auto there = accept_stored(branch); there && *there)
      return success();
  failed_.add(branch.target->repo->key(), why);
  return success();
}

/// Publishes what was written. All disks sync at the same time.
result<void> segment_push::publish(std::span<push_branch> open,
                                   std::span<graph::branch_end> copied) {
  for (size_t i = 0; i < copied.size(); ++i) {
    if (copied[i].failure)
      continue;
    if (auto begun = open[i].place->writer().begin_commit(); !begun)
      copied[i].failure = begun.failure();
  }
  result<void> outcome = success();
  for (size_t i = 0; i < copied.size(); ++i) {
    auto& failure = copied[i].failure;
    if (!failure) {
      if (auto done = open[i].place->writer().committed(true); !done)
        failure = done.failure();
    }
    if (!failure)
      if (auto synced = sync_archive(*open[i].target); !synced)
        failure = synced.failure();
    if (!failure)
      open[i].place->remove_leftovers();
    else if (auto settled = settle_failure(open[i], *failure); !settled)
      outcome = settled;
  }
  return outcome;
}

result<void> segment_push::copy_segment(const std::string& checksum, compress_type type,
                                        std::span<push_branch> to) {
  const auto level =
      type == wanted_.compression ? wanted_.compress_level : codec::levels_of(type).standard;
  std::vector<codec::file_rules> own;
  std::vector<graph::branch_end> ends;
  for (auto& branch : to) {
    own.push_back({.cipher_pass = branch.target->pass});
    ends.push_back(graph::write_to(branch.place->writer()));
  }
  auto lane = graph::single_lane::make(graph::push_graph({.compression = type,
                                                          .compress_level = level,
                                                          .gz = wanted_.gz,
                                                          .checksum = !segment_.is_held()},
                                                         own));
  if (!lane)
    return lane.failure();
  if (auto copied = segment_.pass(*lane, ends); !copied)
    return copied;
  const bool any_whole =
      std::ranges::any_of(ends, [](const auto& one) { return !one.failure.has_value(); });
  if (!segment_.is_held() && any_whole && to_hex(lane->checksum()) != checksum)
    return error{errc::checksum,
                 fmt::format("WAL file '{}' changed while it was read", segment_.wal().name)};
  return publish(to, ends);
}

result<void> segment_push::run() {
  auto checksum = segment_.digest();
  if (!checksum)
    return checksum.failure();
  if (auto right = check_checksum(wanted_, *checksum); !right)
    return right;
  const auto type = wanted_.compression;
  // From here on there are files that have to go when somebody stops us.
  const polled_signals polling;
  std::vector<push_branch> missing;
  for (auto* target : to_) {
    push_branch branch{
        .target = target,
        .place = std::make_unique<wal_contest>(
            *target->repo, wal_file{target->archive_id, segment_.wal().name, *checksum, type}),
        .compress = type};
    auto wanting = enter(branch);
    if (!wanting &&
        (wanting.failure().code == errc::archive_duplicate || wanting.failure().code == errc::term))
      return wanting.failure();
    if (!wanting)
      failed_.add(target->repo->key(), wanting.failure());
    else if (*wanting)
      missing.push_back(std::move(branch));
  }
  // Together, but for what takes the place of a damaged file that is packed otherwise.
  std::ranges::stable_sort(missing, {}, &push_branch::compress);
  for (auto from = missing.begin(); from != missing.end();) {
    const auto to =
        std::ranges::upper_bound(from, missing.end(), from->compress, {}, &push_branch::compress);
    if (auto copied = copy_segment(*checksum, from->compress, {from, to}); !copied)
      return copied;
    from = to;
  }
  return success();
}

} // namespace

result<void> check_checksum(const push_request& wanted, const std::string& checksum) {
  if (!wanted.checksum || *wanted.checksum == checksum)
    return success();
  return error{errc::checksum,
               fmt::format("'{}/{}' has checksum {} instead of {}", wanted.wal.directory,
                           wanted.wal.source(), checksum, *wanted.checksum)};
}

result<void> store_segment(const push_request& wanted, segment_source& segment,
                           std::span<push_target* const> to, repository_errors& failed) {
  return segment_push(wanted, segment, to, failed).run();
}

} // namespace pgbraid
