// archive-get: one WAL file from whichever repository has it undamaged.
// Source: shared/spec/commands.md, section 6.
// SPDX-License-Identifier: MIT
#include "cli/command/commands.hpp"
#include "cli/command/session.hpp"
#include "cli/command/wal_file.hpp"
#include "engine/base/log.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/codec/aes.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/digest.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/io/file_writer.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/posix/posix_storage.hpp"
#include "storage/transfer/transfer.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <utility>

namespace pgbraid::cli {

namespace {

constexpr uint64_t history_limit_bytes = 16 << 20;
/// Of headers, salt and the like.
constexpr uint64_t packing_bytes = 64 << 10;

/// A repository that has WAL of the cluster, and under which ids.
struct get_source {
  open_repository repo;
  std::vector<std::string> archive_ids; ///< newest first
  secret pass;
};

/// One place where the file lies.
struct candidate {
  get_source* source = nullptr;
  std::string archive_id;
  std::string path;
  std::string checksum = {}; ///< of the plain content; empty for history files
  compress_type compress = compress_type::none;
};

class get {
public:
  get(const config::options& opts, std::string name, wal_location destination)
      : opts_(opts), name_(std::move(name)), destination_(std::move(destination)) {}

  /// Whether the file was found (and is at its destination).
  result<bool> run();

private:
  result<void> check_cluster();
  result<void> find_sources();
  result<get_source> open_source(open_repository& repo);
  result<void> find_candidates();
  result<void> find_in(get_source& source, const std::string& archive_id);
  result<void> require_one_content() const;
  result<std::unique_ptr<io::writer>> open_destination() const;
  result<void> check_content(const candidate& from, uint64_t size_bytes,
                             const std::string& checksum) const;
  result<void> deliver(const candidate& from);
  result<bool> deliver_any();

  const config::options& opts_;
  std::string name_;
  wal_location destination_;
  postgres::control_file control_ = {};
  uint32_t mode_ = 0600;
  std::vector<get_source> sources_ = {};
  std::vector<candidate> candidates_ = {};
};

result<void> get::check_cluster() {
  const auto& pg_path = opts_.text("pg-path", opts_.pg_default());
  auto control = load_control(pg_path);
  if (!control)
    return control.failure();
  control_ = *control;
  auto pgdata = make_posix_storage(pg_path);
  if (auto info = pgdata->info(""); info && *info)
    mode_ = (*info)->mode & 0640;
  if (!control_.checkpoint_is_invalid())
    return success();
  auto label = pgdata->info("backup_label");
  if (!label)
    return label.failure();
  if (*label)
    return success();
  return error{errc::format, "pg_control from backup is not valid without backup_label",
               "Was the backup_label file removed?\nRestore the backup again and leave the file "
               "where it is."};
}

/// Moves `repo` into the source when it can be used.
result<get_source> get::open_source(open_repository& repo) {
  auto info = repo->load_archive_info();
  if (!info)
    return info.failure();
  const auto version = postgres::version_name(control_.version);
  if (auto newest = cluster_archive_id(*info, control_); !newest)
    return newest.failure();
  std::vector<std::string> ids;
  for (const auto* entry : info->matching(control_.system_id, version))
    ids.push_back(format::archive_id(*entry));
  return get_source{std::move(repo), std::move(ids), std::move(info->cipher_pass)};
}

result<void> get::find_sources() {
  auto repos = open_repositories(opts_);
  if (!repos)
    return repos.failure();
  repository_errors failed;
  for (auto& repo : *repos) {
    auto source = open_source(repo);
    if (source)
      sources_.push_back(std::move(*source));
    else
      failed.add(*repo, source.failure());
  }
  if (sources_.empty())
    return failed.all(errc::repo_invalid, "unable to find a valid repository:");
  for (const auto& line : failed.lines())
    log::warn("{}", line);
  return success();
}

result<void> get::find_in(get_source& source, const std::string& archive_id) {
  if (!postgres::is_segment_or_partial_name(name_)) {
    auto path = format::wal_history_path(source.repo->stanza(), archive_id, name_);
    auto info = source.repo->files().info(path);
    if (!info)
      return info.failure();
    if (*info)
      candidates_.push_back({.source = &source, .archive_id = archive_id, .path = std::move(path)});
    return success();
  }
  auto found = source.repo->find_wal(archive_id, name_);
  if (!found)
    return found.failure();
  for (auto& one : *found) {
    candidates_.push_back({.source = &source,
                           .archive_id = archive_id,
                           .path = std::move(one.path),
                           .checksum = std::move(one.entry.checksum),
                           .compress = one.entry.compress});
  }
  return success();
}

result<void> get::find_candidates() {
  repository_errors failed;
  size_t unusable = 0;
  for (auto& source : sources_) {
    for (const auto& id : source.archive_ids) {
      auto found = find_in(source, id);
      if (found)
        continue;
      failed.add(*source.repo, found.failure());
      ++unusable;
      break;
    }
  }
  if (unusable == sources_.size())
    return failed.all(errc::repo_invalid, "unable to find a valid repository:");
  for (const auto& line : failed.lines())
    log::warn("{}", line);
  return success();
}

/// Nobody can tell which of two contents of one segment is the right one.
result<void> get::require_one_content() const {
  std::set<std::string_view> checksums;
  for (const auto& one : candidates_)
    checksums.insert(one.checksum);
  if (checksums.size() <= 1)
    return success();
  error found{errc::archive_duplicate, fmt::format("duplicates found for WAL segment {}:", name_),
              "Is more than one cluster archiving to this stanza?"};
  for (const auto& one : candidates_)
    found.message += fmt::format("\n{}: {}", one.source->repo->name(), one.path);
  return found;
}

/// PostgreSQL syncs what it takes over, so nothing is synced here. A call that a PostgreSQL which
/// is gone has left running may not publish its segment for the one that this PostgreSQL asked for.
result<std::unique_ptr<io::writer>> get::open_destination() const {
  const auto& directory = destination_.directory;
  io::unique_fd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent)
    return system_error(errno == ENOENT ? errc::file_missing : errc::file_open,
                        fmt::format("cannot open '{}' for writing", directory), errno);
  return io::open_file_writer(
      {std::move(parent), destination_.name, directory + "/" + destination_.name},
      {.newest_wins = true, .sync = false, .mode = mode_});
}

/// What is shorter than a segment ends a recovery as if there were no more WAL.
result<void> get::check_content(const candidate& from, uint64_t size_bytes,
                                const std::string& checksum) const {
  if (from.checksum.empty())
    return success();
  if (checksum != from.checksum)
    return error{errc::checksum, fmt::format("'{}' is damaged: its content has checksum '{}'",
                                             from.path, checksum)};
  if (size_bytes != control_.wal_segment_bytes)
    return error{errc::file_read,
                 fmt::format("'{}' holds {} bytes but pg_control says that segments have {}",
                             from.path, size_bytes, control_.wal_segment_bytes)};
  return success();
}

result<void> get::deliver(const candidate& from) {
  const auto limit_bytes =
      from.checksum.empty() ? history_limit_bytes : uint64_t{control_.wal_segment_bytes};
  // Whatever packs it: what cannot be packed at all grows by less than that.
  auto file = from.source->repo->files().open_read(
      from.path, {.limit_bytes = limit_bytes + limit_bytes / 8 + packing_bytes});
  if (!file)
    return file.failure();
  auto writer = open_destination();
  if (!writer)
    return writer.failure();

  std::unique_ptr<codec::kernel> cipher;
  const auto unpacker = codec::make_decompress(from.compress);
  codec::digest_kernel sha1;
  std::vector<transfer_step> steps;
  if (from.source->repo->encrypted()) {
    cipher = codec::make_decrypt(from.source->pass.view());
    steps.emplace_back(*cipher);
  }
  if (unpacker)
    steps.emplace_back(*unpacker);
  steps.emplace_back(sha1);
  const polled_signals polling;
  auto copied = transfer(**file, steps, **writer, limit_bytes);
  if (!copied && copied.failure().code == errc::format) // that of what is in it
    return copied.failure().within(fmt::format("'{}'", from.path));
  if (!copied)
    return copied.failure();
  const auto actual = to_hex(codec::digest_kernel::value(*steps.back().state));
  if (auto good = check_content(from, copied->written_bytes, actual); !good)
    return good;
  return io::commit(**writer);
}

result<bool> get::deliver_any() {
  repository_errors failed;
  for (const auto& one : candidates_) {
    auto delivered = deliver(one);
    if (delivered) {
      for (const auto& line : failed.lines())
        log::warn("{}", line);
      log::info("found {} in the {}: {} archive", name_, one.source->repo->name(), one.archive_id);
      return true;
    }
    if (delivered.failure().code == errc::term)
      return delivered.failure();
    failed.add(*one.source->repo, delivered.failure());
  }
  return failed.all(errc::file_read, fmt::format("unable to get {}:", name_));
}

result<bool> get::run() {
  if (auto good = check_cluster(); !good)
    return good.failure();
  if (auto found = find_sources(); !found)
    return found.failure();
  if (auto found = find_candidates(); !found)
    return found.failure();
  if (candidates_.empty()) {
    log::info("unable to find {} in the archive", name_);
    return false;
  }
  if (auto one = require_one_content(); !one)
    return one.failure();
  return deliver_any();
}

} // namespace

result<int> run_archive_get(const config::options& opts) {
  if (auto local = require_pg_host(opts); !local)
    return local.failure();
  const auto& words = opts.parameters();
  if (words.empty())
    return error{errc::param_required, "WAL segment to get required"};
  if (words.size() == 1)
    return error{errc::param_required, "path to copy WAL segment required"};
  if (words.size() > 2)
    return error{errc::param_invalid, "extra parameters found"};
  auto destination = locate_wal(opts, words[1]);
  if (!destination)
    return destination.failure();
  if (!is_wal_file_name(words[0])) {
    return error{errc::param_invalid, fmt::format("'{}' is not the name of a WAL file", words[0])};
  }
  auto found = get(opts, words[0], std::move(*destination)).run();
  if (!found)
    return found.failure();
  // 1 tells PostgreSQL that the archive ends here; it is no error.
  return *found ? 0 : 1;
}

} // namespace pgbraid::cli
