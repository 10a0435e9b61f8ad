// stanza-create: the info files that make a repository ready for a cluster.
// Source: cli/command/README.md, section 2.
// SPDX-License-Identifier: MIT
#include "cli/command/commands.hpp"
#include "cli/frame/terminal.hpp"
#include "cli/open/session.hpp"
#include "cli/open/side_by_side.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"

#include <fmt/format.h>

namespace pgbraid::cli {

namespace {

/// The cluster's control file; online it is compared with what the server says.
result<postgres::control_file> identify_cluster(const config::options& opts) {
  if (!opts.flag("online"))
    return load_control(opts, opts.pg_default());
  auto primary = connect_primary(opts);
  if (!primary)
    return primary.failure();
  auto control = load_control(opts, primary->position);
  if (!control)
    return control.failure();
  if (auto same = check_cluster_path(opts, *primary, *control); !same)
    return same.failure();
  return control;
}

result<secret> passphrase_for(const repository& repo) {
  return repo.encrypted() ? generate_passphrase() : result<secret>(secret());
}

result<void> require_empty(const repository& repo, const std::string& path) {
  auto listed = repo.files().list(path);
  if (!listed)
    return listed.failure();
  if (!*listed || (*listed)->empty())
    return success();
  return error{errc::path_not_empty,
               fmt::format("archive and/or backup directories for stanza '{}' on {} are not empty "
                           "but archive.info and backup.info are missing",
                           repo.stanza(), repo.name()),
               fmt::format("There is something in '{}/{}'.\nWere files of another tool or stanza "
                           "left there?",
                           repo.files().root(), path)};
}

result<void> create(repository& repo, const postgres::control_file& control) {
  for (const auto& path :
       {format::archive_path(repo.stanza()), format::backup_path(repo.stanza())}) {
    if (auto empty = require_empty(repo, path); !empty)
      return empty;
  }
  auto archive_pass = passphrase_for(repo);
  auto backup_pass = passphrase_for(repo);
  if (!archive_pass || !backup_pass)
    return archive_pass ? backup_pass.failure() : archive_pass.failure();
  const auto version = postgres::version_name(control.version);
  format::archive_info archive;
  archive.add(control.system_id, version);
  archive.cipher_pass = std::move(*archive_pass);
  format::backup_info backup;
  backup.add_history(control.system_id, version, control.catalog_version, control.control_version);
  backup.cipher_pass = std::move(*backup_pass);
  if (auto saved = repo.save(archive); !saved)
    return saved;
  return repo.save(backup);
}

result<void> require_match(repository& repo, const postgres::control_file& control) {
  auto archive = repo.load_archive_info();
  if (!archive)
    return archive.failure();
  auto backup = repo.load_backup_info();
  if (!backup)
    return backup.failure();
  if (auto agree = check_infos_agree(*archive, *backup); !agree)
    return agree;
  const auto& current = backup->current();
  if (current.system_id == control.system_id &&
      current.version == postgres::version_name(control.version) &&
      current.catalog_version == control.catalog_version &&
      current.control_version == control.control_version)
    return success();
  return error{errc::file_invalid,
               "backup and archive info files exist but do not match the database",
               "Does --stanza name the stanza of this cluster?\nA new major version needs its "
               "stanza upgraded."};
}

/// Both info files are there in some form: they must fit, and missing twins are written again.
result<void> validate_existing(repository& repo, const postgres::control_file& control) {
  if (auto fits = require_match(repo, control); !fits)
    return fits;
  auto archive_mended = repo.mend_archive_info();
  if (!archive_mended)
    return archive_mended.failure();
  auto backup_mended = repo.mend_backup_info();
  if (!backup_mended)
    return backup_mended.failure();
  if (!*archive_mended && !*backup_mended)
    log::info("stanza '{}' already exists on {} and is valid", repo.stanza(), repo.name());
  return success();
}

result<void> create_on(repository& repo, const postgres::control_file& control) {
  log::info("stanza-create for stanza '{}' on {}", repo.stanza(), repo.name());
  auto has_archive = repo.has_archive_info();
  auto has_backup = repo.has_backup_info();
  if (!has_archive || !has_backup)
    return has_archive ? has_backup.failure() : has_archive.failure();
  if (*has_archive != *has_backup) {
    return error{errc::file_missing,
                 fmt::format("{} exists but {} is missing on {}",
                             *has_archive ? "archive.info" : "backup.info",
                             *has_archive ? "backup.info" : "archive.info", repo.name()),
                 "This may be a symptom of repository corruption."};
  }
  return *has_archive ? validate_existing(repo, control) : create(repo, control);
}

} // namespace

result<int> run_stanza_create(const config::options& opts) {
  if (auto free = check_stop_file(opts); !free)
    return free.failure();
  auto locks = lock_command(opts);
  if (!locks)
    return locks.failure();
  if (opts.flag("force"))
    log::warn("option --force is no longer supported");
  auto control = identify_cluster(opts);
  if (!control)
    return control.failure();
  // One that fails keeps nobody else from being ready.
  joined_failures failed;
  std::string names;
  for (auto& one : open_each(opts)) {
    const auto created = one.said ? create_on(**one.said, *control) : one.said.failure();
    if (created) {
      names += fmt::format("{}repo{}", names.empty() ? "" : ", ", one.key);
      continue;
    }
    if (opts.repo_count() > 1)
      failed.add(one.key, created.failure());
    else
      failed.add(created.failure());
  }
  if (auto all = failed.outcome(); !all)
    return all.failure();
  tell_terminal(
      opts, fmt::format("stanza-create: stanza '{}' is ready in {}", opts.text("stanza"), names));
  return 0;
}

} // namespace pgbraid::cli
