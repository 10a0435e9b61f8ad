// archive-push: one WAL file into every repository.
// Source: shared/spec/commands.md, section 5.
// SPDX-License-Identifier: MIT
#include "cli/command/commands.hpp"
#include "cli/command/compression.hpp"
#include "cli/command/session.hpp"
#include "cli/command/wal_file.hpp"
#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "engine/buffer/large_memory.hpp"
#include "engine/codec/aes.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/digest.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/postgres/wal_header.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/posix/posix_storage.hpp"
#include "storage/transfer/transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgbraid::cli {

namespace {

/// History files are a few lines; an existing one above this is taken to differ.
constexpr uint64_t history_limit_bytes = 16 << 20;

/// A repository that accepts WAL of the cluster.
struct push_target {
  open_repository repo;
  std::string archive_id;
  secret pass; ///< of WAL
};

/// Its part in the copy of one segment.
struct push_branch {
  push_target* target = nullptr;
  std::unique_ptr<codec::kernel> cipher; ///< null: not encrypted
  std::unique_ptr<io::writer> writer;
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
  result<void> find_targets();
  result<void> check_target(const format::archive_history& current, const repository& repo);
  result<void> check_header();
  result<void> hold_segment();
  result<void> pass_segment(std::span<transfer_step> steps, std::span<transfer_branch> branches);
  result<std::string> digest();
  result<void> sync_archive(push_target& target);
  result<bool> is_archived(push_target& target, const std::string& checksum);
  result<void> push_segment();
  result<void> copy_segment(const std::string& entry_name, const std::string& checksum,
                            const std::vector<push_target*>& to);
  std::vector<push_branch> open_branches(const std::string& entry_name,
                                         const std::vector<push_target*>& to);
  void publish(std::vector<push_branch>& open, std::vector<transfer_branch>& copied);
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
  std::vector<push_target> targets_ = {};
  repository_errors failed_ = {};
  /// What the first valid repository, or pg_control, says that the cluster is.
  std::optional<format::archive_history> cluster_ = {};
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

result<void> push::find_targets() {
  const auto position = opts_.pg_default();
  if (opts_.pg_count() > 0 && opts_.has_value("pg-path", position)) {
    auto control = load_control(opts_.text("pg-path", position));
    if (!control)
      return control.failure();
    cluster_ = {.system_id = control->system_id,
                .version = postgres::version_name(control->version)};
  }
  auto repos = open_repositories(opts_);
  if (!repos)
    return repos.failure();
  for (auto& repo : *repos) {
    auto info = repo->load_archive_info();
    auto fits = info ? check_target(info->current(), *repo) : result<void>(info.failure());
    if (!fits) {
      failed_.add(*repo, fits.failure());
      continue;
    }
    targets_.push_back({std::move(repo), format::archive_id(info->current()), info->cipher_pass});
  }
  if (targets_.empty())
    return failed_.all(errc::repo_invalid, "unable to find a valid repository:");
  return success();
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
    return success();
  return error{errc::archive_mismatch,
               fmt::format("WAL file '{}/{}' version {}, system-id {} do not match stanza version "
                           "{}, system-id {}",
                           wal_.directory, wal_.name, version, header->system_id, cluster_->version,
                           cluster_->system_id)};
}

result<void> push::hold_segment() {
  auto about = source_->info(wal_.name);
  if (!about)
    return about.failure();
  if (!*about || (*about)->size_bytes > held_limit_bytes)
    return success();
  auto file = source_->open_read(wal_.name);
  if (!file)
    return file.failure();
  held_ = large_memory((*about)->size_bytes);
  if (!held_)
    return success();
  auto got = (*file)->read(held_.room());
  if (!got)
    return got.failure();
  held_bytes_ = *got;
  return success();
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

/// Whether the repository has the segment already. The same name with other content is an error
/// that ends the command: two clusters must not archive to one place.
result<bool> push::is_archived(push_target& target, const std::string& checksum) {
  auto found = target.repo->find_wal(target.archive_id, wal_.name);
  if (!found)
    return found.failure();
  if (found->empty())
    return false;
  for (const auto& one : *found) {
    if (one.entry.checksum != checksum) {
      return error{errc::archive_duplicate,
                   fmt::format("WAL file '{}' already exists in the {} archive with a different "
                               "checksum",
                               wal_.name, target.repo->name())};
    }
  }
  if (opts_.flag("archive-mode-check")) {
    log::warn(
        "WAL file '{}' already exists in the {} archive with the same checksum\n"
        "HINT: That is normal after a crash or a restore; else a second cluster may archive here.",
        wal_.name, target.repo->name());
  }
  // Whoever put it there may have been killed before its directories were on disk.
  if (auto synced = sync_archive(target); !synced)
    return synced.failure();
  return true;
}

/// Makes the names of a segment and of its directory durable.
result<void> push::sync_archive(push_target& target) {
  const auto directory = format::wal_directory(target.repo->stanza(), target.archive_id, wal_.name);
  if (auto synced = target.repo->files().sync_path(directory); !synced)
    return synced;
  return target.repo->files().sync_path(directory.substr(0, directory.rfind('/')));
}

result<void> push::push_segment() {
  if (auto good = check_header(); !good)
    return good;
  if (auto held = hold_segment(); !held)
    return held;
  auto checksum = digest();
  if (!checksum)
    return checksum.failure();
  std::vector<push_target*> missing;
  for (auto& target : targets_) {
    auto archived = is_archived(target, *checksum);
    if (!archived && archived.failure().code == errc::archive_duplicate)
      return archived.failure();
    if (!archived)
      failed_.add(*target.repo, archived.failure());
    else if (!*archived)
      missing.push_back(&target);
  }
  if (missing.empty())
    return success();
  const auto type = compression_of(opts_).type;
  return copy_segment(format::wal_entry_name(wal_.name, *checksum, type), *checksum, missing);
}

/// Opens the new file in every repository; those that refuse are left behind.
std::vector<push_branch> push::open_branches(const std::string& entry_name,
                                             const std::vector<push_target*>& to) {
  std::vector<push_branch> open;
  for (auto* target : to) {
    const auto directory =
        format::wal_directory(target->repo->stanza(), target->archive_id, wal_.name);
    auto writer = target->repo->files().open_write(directory + "/" + entry_name);
    if (!writer) {
      failed_.add(*target->repo, writer.failure());
      continue;
    }
    open.push_back({.target = target, .cipher = {}, .writer = std::move(*writer)});
    if (target->repo->encrypted())
      open.back().cipher = codec::make_encrypt(target->pass.view());
  }
  return open;
}

/// Publishes what was written. All disks sync at the same time.
void push::publish(std::vector<push_branch>& open, std::vector<transfer_branch>& copied) {
  for (auto& branch : copied) {
    if (branch.failure)
      continue;
    if (auto begun = branch.target->begin_commit(); !begun)
      branch.failure = begun.failure();
  }
  for (size_t i = 0; i < copied.size(); ++i) {
    if (!copied[i].failure) {
      if (auto done = copied[i].target->committed(true); !done)
        copied[i].failure = done.failure();
    }
    if (!copied[i].failure)
      if (auto synced = sync_archive(*open[i].target); !synced)
        copied[i].failure = synced.failure();
    if (copied[i].failure)
      failed_.add(*open[i].target->repo, *copied[i].failure);
  }
}

result<void> push::copy_segment(const std::string& entry_name, const std::string& checksum,
                                const std::vector<push_target*>& to) {
  const auto how = compression_of(opts_);
  const auto packer = codec::make_compress(how.type, how.level, {.engine = how.gz});
  if (!packer)
    return packer.failure();
  std::vector<transfer_step> steps;
  codec::digest_kernel sha1;
  if (!held_)
    steps.emplace_back(sha1);
  if (*packer)
    steps.emplace_back(**packer);
  auto open = open_branches(entry_name, to);
  std::vector<transfer_branch> branches(open.size());
  for (size_t i = 0; i < open.size(); ++i) {
    branches[i].target = open[i].writer.get();
    if (open[i].cipher)
      branches[i].steps.emplace_back(*open[i].cipher);
  }
  if (auto copied = pass_segment(steps, branches); !copied)
    return copied;
  if (!held_ && to_hex(codec::digest_kernel::value(*steps[0].state)) != checksum)
    return error{errc::checksum, fmt::format("WAL file '{}' changed while it was read", wal_.name)};
  publish(open, branches);
  return success();
}

void push::warn_if_replaced(const std::string& path, std::string_view content,
                            push_target& target) {
  auto stored = read_all(target.repo->files(), path, history_limit_bytes);
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
  auto content = read_all(*source_, wal_.name, history_limit_bytes);
  if (!content)
    return content.failure();
  for (auto& target : targets_) {
    if (auto pushed = push_history(*content, target); !pushed)
      failed_.add(*target.repo, pushed.failure());
  }
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
  if (auto found = find_targets(); !found)
    return found;
  auto pushed =
      postgres::is_segment_or_partial_name(wal_.name) ? push_segment() : push_history_everywhere();
  if (!pushed)
    return pushed;
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
