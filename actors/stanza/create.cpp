// The info files that make a repository ready for a cluster.
// SPDX-License-Identifier: MIT
#include "actors/stanza/create.hpp"

#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/stanza_match.hpp"
#include "engine/postgres/version.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace pgbraid {

namespace {

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
  return plan::check_infos_are_of(*archive, *backup, control);
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

} // namespace

result<void> create_stanza(repository& repo, const postgres::control_file& control) {
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

} // namespace pgbraid
