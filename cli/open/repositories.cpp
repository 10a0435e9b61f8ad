// Opening repositories, on whatever host they lie.
// SPDX-License-Identifier: MIT
#include "cli/open/repositories.hpp"

#include "cli/open/ask_repositories.hpp"
#include "cli/open/hosts.hpp"
#include "cli/open/repository_location.hpp"
#include "cli/open/whereabouts.hpp"
#include "storage/driver/remote/remote_pg.hpp"
#include "storage/repository/confined_storage.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace pgbraid::cli {

namespace {

std::string stanza_of(const config::options& opts) {
  return opts.has_value("stanza") ? opts.text("stanza") : std::string();
}

/// Only buckets that this host asks itself, and whose driver knows versions, can be read as they
/// were.
result<void> check_target_time(const config::options& opts, size_t position) {
  if (!opts.has_value("repo-target-time"))
    return success();
  const auto& word = opts.text("repo-type", position);
  const auto kind = storage_kind_of(word);
  if (kind && is_bucket(*kind) && !repo_is_remote(opts, position))
    return success();
  return error{
      errc::option_invalid,
      fmt::format("option 'repo-target-time' is not supported for repo{}, which is of type "
                  "'{}'{}",
                  opts.repo_key(position), word,
                  repo_is_remote(opts, position) ? " on another host" : ""),
      "earlier versions are kept by versioned buckets of S3, GCS and Azure only, which this host "
      "asks itself."};
}

/// Where a repository lies. One of another host is asked for its cipher when none is configured
/// here.
result<location> find_repository(const config::options& opts, size_t position,
                                 repository_settings& settings) {
  if (auto fine = check_target_time(opts, position); !fine)
    return fine.failure();
  if (!repo_is_remote(opts, position))
    return repository_location(opts, position);
  auto host = host_of_repo(opts, position);
  if (!host)
    return host.failure();
  const bool opened_here = settings.cipher != cipher_type::none;
  if (!opened_here) {
    auto found = remote::load_remote_cipher(**host);
    if (!found)
      return found.failure();
    settings.cipher = *found;
    settings.sealed_there = *found != cipher_type::none;
  }
  return location{.kind = storage_kind::remote,
                  .path = opts.text("repo-path", position),
                  .host = std::move(*host),
                  .served_root = "repo",
                  .infos =
                      settings.sealed_there ? wire::content::info_text : wire::content::as_stored};
}

} // namespace

result<open_repository> open_repository_at(const config::options& opts, size_t position) {
  return open_repository_at(opts, position, stanza_of(opts));
}

result<open_repository> open_repository_at(const config::options& opts, size_t position,
                                           std::string stanza) {
  repository_settings settings{.key = opts.repo_key(position), .stanza = std::move(stanza)};
  if (opts.has_value("repo-cipher-type", position) &&
      opts.text("repo-cipher-type", position) == cipher_type_name(cipher_type::aes_256_cbc)) {
    settings.cipher = cipher_type::aes_256_cbc;
    settings.passphrase = secret(opts.text("repo-cipher-pass", position));
  }
  open_repository opened;
  const auto where = find_repository(opts, position, settings);
  if (!where)
    return where.failure();
  auto files = all_storages().open_storage(*where, repository_wishes(opts));
  if (!files)
    return files.failure();
  opened.files = std::move(*files);
  opened.here = is_mounted_here(where->kind);
  if (!settings.stanza.empty())
    opened.files = make_confined_storage(std::move(opened.files), settings.stanza);
  opened.stanza = std::make_unique<repository>(*opened.files, std::move(settings));
  opened.position = position;
  return opened;
}

std::vector<repository_door> repository_doors(const config::options& opts) {
  const auto own = std::make_shared<const config::options>(opts);
  std::vector<repository_door> doors;
  for (const auto position : repository_positions(opts)) {
    doors.push_back({.key = opts.repo_key(position),
                     .open = [own, position] { return open_repository_at(*own, position); },
                     .reconnect = [own, position] { forget_broken_repo_host(*own, position); }});
  }
  return doors;
}

std::vector<repository_answer<open_repository>> open_each(const config::options& opts) {
  return ask_repositories<open_repository>(
      opts, repository_positions(opts),
      [](const config::options& of, size_t position) { return open_repository_at(of, position); });
}

result<open_repository> open_default_repository(const config::options& opts) {
  return open_repository_at(opts, opts.repo_default());
}

} // namespace pgbraid::cli
