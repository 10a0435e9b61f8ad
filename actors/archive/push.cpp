// Which repositories get a WAL file, and what is said of those that do not.
// SPDX-License-Identifier: MIT
#include "actors/archive/push.hpp"

#include "actors/archive/push_target.hpp"
#include "actors/archive/segment_push.hpp"
#include "actors/archive/segment_source.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/failures.hpp"
#include "engine/base/log.hpp"
#include "engine/base/side_by_side.hpp"
#include "engine/base/units.hpp"
#include "engine/format/archive_info.hpp"
#include "engine/plan/push_queue.hpp"
#include "engine/postgres/version.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/cluster/control_reader.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace pgbraid {

namespace {

/// A repository that has not answered by then does not hold up the others; it gets the file after
/// them.
constexpr std::chrono::milliseconds grace(800);

/// A repository that was opened, and what it says about itself.
struct push_answer {
  open_repository repo;
  result<format::archive_info> info;
};

class push {
public:
  push(const push_request& wanted, const push_ends& between) : wanted_(wanted), between_(between) {}

  result<void> run();

private:
  result<bool> queue_is_full();
  result<void> know_cluster();
  result<void> check_target(const format::archive_history& current, const repository& repo);
  result<void> accept(push_answer& from);
  void take_targets();
  error why_nowhere();
  result<void> store();
  result<void> store_everywhere();

  const push_request& wanted_;
  const push_ends& between_;
  std::optional<side_by_side<push_answer>> asked_ = {};
  std::vector<bool> taken_ = {}; ///< whose answer was looked at
  bool any_ = false;             ///< one of them accepts WAL
  std::vector<push_target> targets_ = {};
  repository_errors failed_ = {};
  std::optional<wal_owner> owner_ = {}; ///< pg_control's cluster, or that of the first that accepts
};

result<bool> push::queue_is_full() {
  if (!wanted_.queue_max)
    return false;
  auto listed = between_.wal.list("archive_status");
  if (!listed)
    return listed.failure();
  if (!*listed)
    return false;
  std::vector<std::string_view> names;
  for (const auto& one : **listed)
    names.push_back(one.name);
  auto first = between_.wal.info(wanted_.wal.name);
  if (!first)
    return first.failure();
  return plan::is_queue_full(names, *first ? (*first)->size_bytes : 0, *wanted_.queue_max);
}

/// pg_control knows best.
result<void> push::know_cluster() {
  if (between_.pgdata == nullptr)
    return success();
  auto control = read_control(*between_.pgdata);
  if (!control)
    return control.failure();
  const auto& fields = control->fields;
  owner_ = wal_owner{
      .cluster = {.system_id = fields.system_id, .version = postgres::version_name(fields.version)},
      .segment_bytes = fields.wal_segment_bytes};
  return success();
}

/// WAL of one cluster only: pg_control's when we know it, else that of the first repository.
result<void> push::check_target(const format::archive_history& current, const repository& repo) {
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

result<push_answer> open_target(const repository_door& door) {
  auto repo = door.open();
  if (!repo)
    return repo.failure();
  auto info = (*repo)->load_archive_info();
  return push_answer{std::move(*repo), std::move(info)};
}

/// Makes a target of a repository that takes WAL of the cluster.
result<void> push::accept(push_answer& from) {
  if (!from.info)
    return from.info.failure();
  auto& info = *from.info;
  if (auto fits = check_target(info.current(), *from.repo); !fits)
    return fits;
  auto pass = from.repo->take_wal_pass(info);
  if (!pass)
    return pass.failure();
  targets_.push_back({std::move(from.repo), format::archive_id(info.current()), std::move(*pass)});
  any_ = true;
  return success();
}

/// Where no repository takes the file.
error push::why_nowhere() {
  return failed_.all(errc::repo_invalid, "unable to find a valid repository:");
}

/// The targets are now those that have answered since the last time and take the file.
void push::take_targets() {
  targets_.clear();
  for (size_t i = 0; i < asked_->size(); ++i) {
    auto* came = asked_->answer(i);
    if (taken_[i] || came == nullptr)
      continue;
    taken_[i] = true;
    if (auto accepted = *came ? accept(**came) : came->failure(); !accepted)
      failed_.add(between_.to[i].key, accepted.failure());
  }
}

result<void> push::store() {
  if (targets_.empty())
    return success();
  if (!postgres::is_segment_or_partial_name(wanted_.wal.name))
    return store_history(between_.wal, wanted_.wal, targets_, failed_);
  segment_source segment(between_.wal, wanted_.wal);
  if (auto opened = segment.open(*owner_, wanted_.check_header); !opened)
    return opened;
  return store_segment(wanted_, segment, targets_, failed_);
}

/// Who answers first gets the file first; who does not answer cannot keep it from the others.
result<void> push::store_everywhere() {
  std::vector<side_by_side<push_answer>::question> questions;
  for (const auto& door : between_.to)
    questions.push_back([door] { return open_target(door); });
  asked_.emplace(std::move(questions));
  taken_.resize(asked_->size());
  const auto until = monotonic::now() + wanted_.answer_limit;
  asked_->wait(until, grace, [](const push_answer&) { return true; });
  take_targets();
  if (auto stored = store(); !stored)
    return stored;
  asked_->wait(until);
  take_targets();
  if (auto stored = store(); !stored)
    return stored;
  for (size_t i = 0; i < asked_->size(); ++i)
    if (!taken_[i])
      failed_.add(between_.to[i].key, asked_->failure(i));
  return success();
}

result<void> push::run() {
  auto full = queue_is_full();
  if (!full)
    return full.failure();
  if (*full) {
    log::warn("dropped WAL file '{}' because archive queue exceeded {}", wanted_.wal.name,
              format_size(*wanted_.queue_max));
    return success();
  }
  if (auto known = know_cluster(); !known)
    return known;
  if (auto stored = store_everywhere(); !stored)
    return stored;
  if (!any_)
    return why_nowhere();
  if (!failed_.empty())
    return failed_.all(errc::command, "archive-push command encountered error(s):");
  log::info("pushed WAL file '{}' to the archive", wanted_.wal.name);
  return success();
}

} // namespace

result<void> push_wal(const push_request& wanted, const push_ends& between) {
  return push(wanted, between).run();
}

} // namespace pgbraid
