// The repositories that take WAL of one cluster.
// SPDX-License-Identifier: MIT
#include "actors/archive/push_session.hpp"

#include "actors/archive/segment_push.hpp"
#include "actors/archive/segment_source.hpp"
#include "engine/base/clock.hpp"
#include "engine/postgres/version.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/cluster/control_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbraid {

namespace {

/// A repository that has not answered by then does not hold up the others; it gets the file after
/// them.
constexpr std::chrono::milliseconds first_answers(800);

} // namespace

push_session::push_session(storage* pgdata, std::vector<repository_door> to,
                           std::chrono::milliseconds answer_limit)
    : pgdata_(pgdata), to_(std::move(to)), limit_(answer_limit), places_(to_.size()) {}

push_session::~push_session() = default;

result<push_session::answer> push_session::open_target(const repository_door& door) {
  auto repo = door.open();
  if (!repo)
    return repo.failure();
  auto info = (*repo)->load_archive_info();
  return answer{std::move(*repo), std::move(info)};
}

/// pg_control knows best.
result<void> push_session::know_cluster() {
  if (pgdata_ == nullptr)
    return success();
  auto control = read_control(*pgdata_);
  if (!control)
    return control.failure();
  const auto& fields = control->fields;
  owner_ = wal_owner{
      .cluster = {.system_id = fields.system_id, .version = postgres::version_name(fields.version)},
      .segment_bytes = fields.wal_segment_bytes};
  return success();
}

result<void> push_session::open() {
  if (auto known = know_cluster(); !known)
    return known;
  std::vector<side_by_side<answer>::question> questions;
  for (const auto& door : to_)
    questions.push_back([door] { return open_target(door); });
  until_ = monotonic::now() + limit_;
  asked_.emplace(std::move(questions));
  asked_->wait(until_, first_answers, [](const answer&) { return true; });
  return success();
}

/// WAL of one cluster only: pg_control's when we know it, else that of the first repository.
result<void> push_session::check_target(const format::archive_history& current,
                                        const repository& repo) {
  if (!owner_)
    owner_ = wal_owner{.cluster = current};
  const auto& known = owner_->cluster;
  if (known.system_id == current.system_id && known.version == current.version)
    return success();
  return error{errc::archive_mismatch,
               fmt::format("PostgreSQL version {}, system-id {} do not match {} stanza version {}, "
                           "system-id {}",
                           known.version, known.system_id, repo.name(), current.version,
                           current.system_id),
               "Does --stanza name the stanza of this cluster?"};
}

/// Makes a target of a repository that takes WAL of the cluster.
result<std::unique_ptr<push_target>> push_session::accept(answer& from) {
  if (!from.info)
    return from.info.failure();
  auto& info = *from.info;
  if (auto fits = check_target(info.current(), *from.repo); !fits)
    return fits.failure();
  auto pass = from.repo->take_wal_pass(info);
  if (!pass)
    return pass.failure();
  return std::make_unique<push_target>(
      push_target{std::move(from.repo), format::archive_id(info.current()), std::move(*pass)});
}

/// Those that have answered by now and take WAL, in the order in which they were found.
/// @param besides  how many of them the caller knows already
std::vector<push_target*> push_session::arrived(size_t besides) {
  const std::lock_guard held(mutex_);
  for (size_t i = 0; i < places_.size(); ++i) {
    auto& here = places_[i];
    auto* came = here.taken ? nullptr : asked_->answer(i);
    if (came == nullptr)
      continue;
    here.taken = true;
    auto accepted = *came ? accept(**came) : came->failure();
    if (accepted)
      here.target = std::move(*accepted);
    else
      here.failure = accepted.failure();
    if (here.target)
      targets_.push_back(here.target.get());
  }
  return {targets_.begin() + static_cast<std::ptrdiff_t>(besides), targets_.end()};
}

bool push_session::all_taken() {
  const std::lock_guard held(mutex_);
  return std::ranges::all_of(places_, &place::taken);
}

/// What is to be said of those that do not take the file.
repository_errors push_session::refusals() {
  const std::lock_guard held(mutex_);
  repository_errors out;
  for (size_t i = 0; i < places_.size(); ++i) {
    if (!places_[i].taken)
      out.add(to_[i].key, asked_->failure(i));
    else if (places_[i].failure)
      out.add(to_[i].key, *places_[i].failure);
  }
  return out;
}

result<void> push_session::store_in(const push_request& wanted, storage& from,
                                    const std::vector<push_target*>& to,
                                    repository_errors& failed) {
  if (to.empty())
    return success();
  if (!postgres::is_segment_or_partial_name(wanted.wal.name))
    return store_history(wanted, from, wanted.wal, to, failed);
  segment_source segment(from, wanted.wal);
  if (auto opened = segment.open(*owner_, wanted.check_header); !opened)
    return opened;
  return store_segment(wanted, segment, to, failed);
}

/// One after the other: who comes later has nothing more to wait for.
void push_session::wait_for_rest() {
  const std::lock_guard held(waiting_);
  asked_->wait(until_);
}

result<void> push_session::require_any() {
  if (arrived(0).empty())
    wait_for_rest();
  if (arrived(0).empty())
    return refusals().all(errc::repo_invalid, "unable to find a valid repository:");
  return success();
}

/// Who answers first gets the file first; who does not answer cannot keep it from the others.
result<void> push_session::store(const push_request& wanted, storage& from) {
  repository_errors failed;
  const auto first = arrived(0);
  if (auto stored = store_in(wanted, from, first, failed); !stored)
    return stored;
  auto all = first.size();
  if (!all_taken()) {
    wait_for_rest();
    const auto late = arrived(first.size());
    all += late.size();
    if (auto stored = store_in(wanted, from, late, failed); !stored)
      return stored;
  }
  auto every = refusals();
  if (all == 0)
    return every.all(errc::repo_invalid, "unable to find a valid repository:");
  every.add(failed);
  if (!every.empty())
    return every.all(errc::command, "archive-push command encountered error(s):");
  return success();
}

} // namespace pgbraid
