// archive-push: one WAL file into every repository.
// Source: cli/command/README.md, section 4.
// SPDX-License-Identifier: MIT
#include "cli/command/commands.hpp"
#include "cli/command/stored_wal.hpp"
#include "cli/command/wal_file.hpp"
#include "cli/open/clusters.hpp"
#include "cli/open/compression.hpp"
#include "cli/open/locks.hpp"
#include "cli/open/repositories.hpp"
#include "engine/base/log.hpp"
#include "engine/base/side_by_side.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/base/units.hpp"
#include "engine/buffer/large_memory.hpp"
#include "engine/codec/aes.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/digest.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/format/timeline_history.hpp"
#include "engine/graph/single_lane.hpp"
#include "engine/postgres/wal_header.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/cluster/control_reader.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "storage/repository/wal_contest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid::cli {

namespace {

/// A repository that has not answered by then does not hold up the others; it gets the file after
/// them.
constexpr std::chrono::milliseconds grace(800);

/// A repository that was opened, and what it says about itself.
struct push_answer {
  open_repository repo;
  result<format::archive_info> info;
};

/// A repository that accepts WAL of the cluster.
struct push_target {
  open_repository repo;
  std::string archive_id;
  secret pass; ///< of WAL
};

/// Its part in the copy of one segment.
struct push_branch {
  push_target* target = nullptr;
  std::unique_ptr<wal_contest> place;
  compress_type compress = compress_type::none;
  std::unique_ptr<codec::kernel> cipher = {}; ///< null: not encrypted
};

/// Larger segments are read twice instead, and hashed both times.
constexpr uint64_t held_limit_bytes = uint64_t{64} << 20;

class push {
public:
  push(const config::options& opts, wal_location wal)
      : opts_(opts), wal_(std::move(wal)), source_(make_posix_storage(wal_.directory)) {}

  result<void> run();

private:
  result<bool> queue_is_full();
  result<void> know_cluster();
  result<void> accept(push_answer& from);
  void take_targets();
  error why_nowhere();
  result<void> store();
  result<void> store_everywhere();
  result<void> check_target(const format::archive_history& current, const repository& repo);
  result<void> check_header();
  result<void> check_size(uint64_t size_bytes, uint64_t segment_bytes, std::string_view says) const;
  result<void> check_sizes();
  result<void> hold_segment();
  result<void> pass_segment(std::span<transfer_step> steps, std::span<transfer_branch> branches);
  result<std::string> digest();
  result<void> sync_archive(push_target& target);
  result<bool> accept_stored(push_branch& branch);
  result<bool> enter(push_branch& branch);
  result<void> push_segment();
  result<void> copy_segment(const std::string& checksum, compress_type type,
                            std::span<push_branch> to);
  result<void> publish(std::span<push_branch> open, std::vector<transfer_branch>& copied);
  result<void> settle_failure(push_branch& branch, const error& why);
  result<void> push_history(const std::string& content, push_target& target);
  result<void> push_history_everywhere();
  void warn_if_replaced(const std::string& path, std::string_view content, push_target& target);

  const config::options& opts_;
  wal_location wal_;
  std::unique_ptr<storage> source_;
  /// The whole segment, when it is small enough: what is hashed is then what is stored, whatever
  /// happens to the file.
  large_memory held_ = {};
  size_t held_bytes_ = 0;
  const std::vector<repository_door> doors_ = repository_doors(opts_);
  std::optional<side_by_side<push_answer>> asked_ = {};
  std::vector<bool> taken_ = {}; ///< whose answer was looked at
  bool any_ = false;             ///< one of them accepts WAL
  std::vector<push_target> targets_ = {};
  repository_errors failed_ = {};
  /// What the first valid repository, or pg_control, says that the cluster is.
  std::optional<format::archive_history> cluster_ = {};
  std::optional<uint64_t> control_segment_bytes_ = {}; ///< of pg_control, where we know it
  uint64_t segment_bytes_ = 0;                         ///< of the file, as it was checked
};

/// The names PostgreSQL waits for: `<WAL file>.ready`.
bool is_ready_file(std::string_view name) {
  constexpr std::string_view suffix = ".ready";
  if (!name.ends_with(suffix))
    return false;
  name.remove_suffix(suffix.size());
  return postgres::is_segment_or_partial_name(name) || postgres::is_history_name(name) ||
         postgres::is_backup_history_name(name);
}

result<bool> push::queue_is_full() {
  if (!opts_.has_value("archive-push-queue-max"))
    return false;
  auto listed = source_->list("archive_status");
  if (!listed)
    return listed.failure();
  if (!*listed)
    return false;
  const auto ready = std::count_if((*listed)->begin(), (*listed)->end(),
                                   [](const entry& one) { return is_ready_file(one.name); });
  auto first = source_->info(wal_.name);
  if (!first)
    return first.failure();
  const auto each = *first ? (*first)->size_bytes : 0;
  return static_cast<uint64_t>(ready) * each > opts_.size_bytes("archive-push-queue-max");
}

/// WAL of one cluster only: pg_control's when we know it, else that of the first repository.
result<void> push::check_target(const format::archive_history& current, const repository& repo) {
  if (!cluster_)
    cluster_ = current;
  if (cluster_->system_id == current.system_id && cluster_->version == current.version)
    return success();
  return error{errc::archive_mismatch,
               fmt::format("PostgreSQL version {}, system-id {} do not match {} stanza version {}, "
                           "system-id {}",
                           cluster_->version, cluster_->system_id, repo.name(), current.version,
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

result<void> push::know_cluster() {
  const auto position = opts_.pg_default();
  if (opts_.pg_count() == 0 || !opts_.has_value("pg-path", position))
    return success();
  auto control = read_control(*make_posix_storage(opts_.text("pg-path", position)));
  if (!control)
    return control.failure();
  const auto& fields = control->fields;
  cluster_ = {.system_id = fields.system_id, .version = postgres::version_name(fields.version)};
  control_segment_bytes_ = fields.wal_segment_bytes;
  return success();
}

/// Makes a target of a repository that takes WAL of the cluster.
result<void> push::accept(push_answer& from) {
  if (!from.info)
    return from.info.failure();
  auto& info = *from.info;
  if (auto fits = check_target(info.current(), *from.repo); !fits)
    return fits;
  targets_.push_back(
      {std::move(from.repo), format::archive_id(info.current()), std::move(info.cipher_pass)});
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
      failed_.add(doors_[i].key, accepted.failure());
  }
}

result<void> push::check_header() {
  if (!opts_.flag("archive-header-check"))
    return success();
  std::array<std::byte, postgres::wal_header_bytes> bytes{};
  auto file = source_->open_read(wal_.name);
  if (!file)
    return file.failure();
  auto got = (*file)->read(bytes);
  if (!got)
    return got.failure();
  auto header = postgres::parse_wal_header(byte_view(bytes).first(*got));
  if (!header)
    return header.failure();
  const auto version = postgres::version_name(header->version);
  if (version == cluster_->version && header->system_id == cluster_->system_id)
    return check_size(segment_bytes_, header->segment_bytes, "its header");
  return error{errc::archive_mismatch,
               fmt::format("WAL file '{}/{}' version {}, system-id {} do not match stanza version "
                           "{}, system-id {}",
                           wal_.directory, wal_.name, version, header->system_id, cluster_->version,
                           cluster_->system_id)};
}

result<void> push::check_size(uint64_t size_bytes, uint64_t segment_bytes,
                              std::string_view says) const {
  if (size_bytes == segment_bytes)
    return success();
  return error{errc::archive_mismatch,
               fmt::format("WAL file '{}/{}' has {} bytes but {} says that segments have {}",
                           wal_.directory, wal_.name, size_bytes, says, segment_bytes),
               "Was the file cut off, or is it still being copied?"};
}

/// A segment, a partial one too, is as long as PostgreSQL makes it; any other length means that
/// something is missing, and whoever needs it would learn of that too late.
result<void> push::check_sizes() {
  auto about = source_->info(wal_.name);
  if (!about)
    return about.failure();
  if (!*about)
    return error{errc::file_missing,
                 fmt::format("WAL file '{}/{}' does not exist", wal_.directory, wal_.name)};
  segment_bytes_ = (*about)->size_bytes;
  if (auto good = check_header(); !good)
    return good;
  return control_segment_bytes_ ? check_size(segment_bytes_, *control_segment_bytes_, "pg_control")
                                : success();
}

result<void> push::hold_segment() {
  if (segment_bytes_ > held_limit_bytes)
    return success();
  auto file = source_->open_read(wal_.name);
  if (!file)
    return file.failure();
  held_ = large_memory(segment_bytes_);
  if (!held_)
    return success();
  auto got = (*file)->read(held_.room());
  if (!got)
    return got.failure();
  held_bytes_ = *got;
  return check_size(held_bytes_, segment_bytes_, "a look just before");
}

/// Moves the segment, from memory or from its file, through steps and branches.
result<void> push::pass_segment(std::span<transfer_step> steps,
                                std::span<transfer_branch> branches) {
  if (held_) {
    const auto passed = transfer(held_.room().first(held_bytes_), steps, branches);
    return passed ? success() : passed.failure();
  }
  auto file = source_->open_read(wal_.name);
  if (!file)
    return file.failure();
  const auto passed = transfer(**file, steps, branches);
  return passed ? success() : passed.failure();
}

result<std::string> push::digest() {
  codec::digest_kernel sha1;
  std::array steps{transfer_step(sha1)};
  if (auto passed = pass_segment(steps, {}); !passed)
    return passed.failure();
  return to_hex(codec::digest_kernel::value(*steps[0].state));
}

/// The name is there already. It counts when one file that has it holds what it says; else the
/// first is written anew, and the branch is made ready for that. Returns whether it counts.
result<bool> push::accept_stored(push_branch& branch) {
  auto& target = *branch.target;
  std::optional<error> damage;
  for (const auto& one : branch.place->stored()) {
    auto found = damage_of(*target.repo, one, target.pass, segment_bytes_);
    if (!found)
      return found.failure();
    damage = std::move(*found);
    if (damage)
      continue;
    if (opts_.flag("archive-mode-check")) {
      log::warn("WAL file '{}' already exists in the {} archive with the same checksum\n"
                "HINT: That is normal after a crash or a restore; else a second cluster may "
                "archive here.",
                wal_.name, target.repo->name());
    }
    // Whoever put it there may have been killed before its directories were on disk.
    if (auto synced = sync_archive(target); !synced)
      return synced.failure();
    return true;
  }
  const auto& first = branch.place->stored().front();
  log::warn("'{}' in the {} archive is damaged and is replaced: {}", first.path,
            target.repo->name(), damage->message);
  if (auto opened = branch.place->replace(first); !opened)
    return opened.failure();
  branch.compress = first.entry.compress;
  return false;
}

/// Whether the branch is to be written: it has its file then. The same segment with other content
/// is an error that ends the command: two clusters must not archive to one place.
result<bool> push::enter(push_branch& branch) {
  auto mine = branch.place->enter();
  if (!mine || *mine)
    return mine;
  auto there = accept_stored(branch);
  if (!there)
    return there.failure();
  return !*there;
}

/// Makes the names of a segment and of its directory durable.
result<void> push::sync_archive(push_target& target) {
  const auto directory = format::wal_directory(target.repo->stanza(), target.archive_id, wal_.name);
  return target.repo->files().sync_many_paths(
      std::array{directory, directory.substr(0, directory.rfind('/'))});
}

result<void> push::push_segment() {
  if (auto good = check_sizes(); !good)
    return good;
  if (auto held = hold_segment(); !held)
    return held;
  auto checksum = digest();
  if (!checksum)
    return checksum.failure();
  const auto type = compression_of(opts_).type;
  // From here on there are files that have to go when somebody stops us.
  const polled_signals polling;
  std::vector<push_branch> missing;
  for (auto& target : targets_) {
    push_branch branch{.target = &target,
                       .place = std::make_unique<wal_contest>(
                           *target.repo, wal_file{target.archive_id, wal_.name, *checksum, type}),
                       .compress = type};
    auto wanted = enter(branch);
    if (!wanted &&
        (wanted.failure().code == errc::archive_duplicate || wanted.failure().code == errc::term))
      return wanted.failure();
    if (!wanted)
      failed_.add(target.repo->key(), wanted.failure());
    else if (*wanted)
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

/// What to say of a file that could not get its name: somebody else may have stored the segment.
result<void> push::settle_failure(push_branch& branch, const error& why) {
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
result<void> push::publish(std::span<push_branch> open, std::vector<transfer_branch>& copied) {
  for (auto& branch : copied) {
    if (branch.failure)
      continue;
    if (auto begun = branch.target->begin_commit(); !begun)
      branch.failure = begun.failure();
  }
  result<void> outcome = success();
  for (size_t i = 0; i < copied.size(); ++i) {
    auto& failure = copied[i].failure;
    if (!failure) {
      if (auto done = copied[i].target->committed(true); !done)
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

result<void> push::copy_segment(const std::string& checksum, compress_type type,
                                std::span<push_branch> to) {
  const auto how = compression_of(opts_);
  const auto level = type == how.type ? how.level : codec::levels_of(type).standard;
  const auto packer = codec::make_compress(type, level, {.engine = how.gz});
  if (!packer)
    return packer.failure();
  std::vector<transfer_step> steps;
  codec::digest_kernel sha1;
  if (!held_)
    steps.emplace_back(sha1);
  if (*packer)
    steps.emplace_back(**packer);
  std::vector<transfer_branch> branches(to.size());
  for (size_t i = 0; i < to.size(); ++i) {
    branches[i].target = &to[i].place->writer();
    if (!to[i].target->repo->encrypted())
      continue;
    to[i].cipher = codec::make_encrypt(to[i].target->pass.view());
    branches[i].steps.emplace_back(*to[i].cipher);
  }
  if (auto copied = pass_segment(steps, branches); !copied)
    return copied;
  const bool any_whole =
      std::ranges::any_of(branches, [](const auto& one) { return !one.failure.has_value(); });
  if (!held_ && any_whole && to_hex(codec::digest_kernel::value(*steps[0].state)) != checksum)
    return error{errc::checksum, fmt::format("WAL file '{}' changed while it was read", wal_.name)};
  return publish(to, branches);
}

void push::warn_if_replaced(const std::string& path, std::string_view content,
                            push_target& target) {
  auto stored = read_all(target.repo->files(), path, format::stored_history_limit_bytes);
  if (!stored && stored.failure().code == errc::file_missing)
    return;
  if (stored && target.repo->encrypted()) {
    const auto plain = codec::decrypt_all(as_bytes(*stored), target.pass.view());
    if (plain && as_text(*plain) == content)
      return;
  } else if (stored && *stored == content) {
    return;
  }
  log::warn("WAL file '{}' already exists in the {} archive with different content and is replaced",
            wal_.name, target.repo->name());
}

result<void> push::push_history(const std::string& content, push_target& target) {
  const polled_signals polling;
  const auto path = format::wal_history_path(target.repo->stanza(), target.archive_id, wal_.name);
  warn_if_replaced(path, content, target);
  if (!target.repo->encrypted())
    return write_all(target.repo->files(), path, content);
  auto sealed = codec::encrypt_all(as_bytes(content), target.pass.view());
  if (!sealed)
    return sealed.failure();
  return write_all(target.repo->files(), path, as_text(*sealed));
}

/// Timeline and backup history: as they are, under their own name.
result<void> push::push_history_everywhere() {
  auto content = read_all(*source_, wal_.name, format::history_limit_bytes);
  if (!content)
    return content.failure();
  for (auto& target : targets_) {
    if (auto pushed = push_history(*content, target); !pushed)
      failed_.add(target.repo->key(), pushed.failure());
  }
  return success();
}

result<void> push::store() {
  if (targets_.empty())
    return success();
  return postgres::is_segment_or_partial_name(wal_.name) ? push_segment()
                                                         : push_history_everywhere();
}

/// Who answers first gets the file first; who does not answer cannot keep it from the others.
result<void> push::store_everywhere() {
  std::vector<side_by_side<push_answer>::question> questions;
  for (const auto& door : doors_)
    questions.push_back([door] { return open_target(door); });
  asked_.emplace(std::move(questions));
  taken_.resize(asked_->size());
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::milliseconds(opts_.time_ms("protocol-timeout"));
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
      failed_.add(doors_[i].key, asked_->failure(i));
  return success();
}

result<void> push::run() {
  auto full = queue_is_full();
  if (!full)
    return full.failure();
  if (*full) {
    log::warn("dropped WAL file '{}' because archive queue exceeded {}", wal_.name,
              format_size(opts_.size_bytes("archive-push-queue-max")));
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
  log::info("pushed WAL file '{}' to the archive", wal_.name);
  return success();
}

} // namespace

result<int> run_archive_push(const config::options& opts) {
  if (auto local = require_pg_host(opts); !local)
    return local.failure();
  if (opts.parameters().size() != 1) {
    return error{errc::param_required, "WAL segment to push required",
                 "Does archive_command end in %p?"};
  }
  if (auto free = check_stop_file(opts); !free)
    return free.failure();
  auto wal = locate_wal(opts, opts.parameters().front());
  if (!wal)
    return wal.failure();
  if (auto named = check_wal_name(*wal); !named)
    return named.failure();
  if (auto pushed = push(opts, std::move(*wal)).run(); !pushed)
    return pushed.failure();
  return 0;
}

} // namespace pgbraid::cli
