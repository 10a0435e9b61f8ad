// Opening repositories, reading pg_control, taking locks.
// SPDX-License-Identifier: MIT
#include "cli/open/session.hpp"

#include "cli/open/hosts.hpp"
#include "cli/open/lock_names.hpp"
#include "cli/open/sftp_repository.hpp"
#include "engine/format/lock_content.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "storage/driver/remote/remote_pg.hpp"
#include "storage/driver/remote/remote_storage.hpp"
#include "storage/repository/confined_storage.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <thread>

namespace pgbraid::cli {

namespace {

constexpr std::string_view control_path = "global/pg_control";

std::string stanza_of(const config::options& opts) {
  return opts.has_value("stanza") ? opts.text("stanza") : std::string();
}

result<std::vector<std::byte>> read_control(storage& pgdata) {
  std::vector<std::byte> bytes(postgres::control_file_bytes);
  auto file = pgdata.open_read(control_path);
  if (!file)
    return file.failure();
  auto got = (*file)->read(bytes);
  if (!got)
    return got.failure();
  bytes.resize(*got);
  return bytes;
}

result<void> open_remote(const config::options& opts, size_t position, open_repository& into,
                         repository_settings& settings) {
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
  into.files = remote::make_remote_storage(*host, "repo", opts.text("repo-path", position),
                                           settings.sealed_there ? remote::content::info_text
                                                                 : remote::content::as_stored);
  return success();
}

result<void> open_files(const config::options& opts, size_t position, open_repository& into,
                        repository_settings& settings) {
  if (repo_is_remote(opts, position))
    return open_remote(opts, position, into, settings);
  if (opts.text("repo-type", position) != "sftp") {
    into.files = make_posix_storage(opts.text("repo-path", position));
    return success();
  }
  auto files = open_sftp(opts, position);
  if (!files)
    return files.failure();
  into.files = std::move(*files);
  return success();
}

} // namespace

std::vector<size_t> repository_positions(const config::options& opts) {
  if (opts.repo_chosen())
    return {opts.repo_default()};
  std::vector<size_t> all(opts.repo_count());
  for (size_t i = 0; i < all.size(); ++i)
    all[i] = i;
  return all;
}

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
  if (auto reached = open_files(opts, position, opened, settings); !reached)
    return reached.failure();
  if (!settings.stanza.empty())
    opened.files = make_confined_storage(std::move(opened.files), settings.stanza);
  opened.stanza = std::make_unique<repository>(*opened.files, std::move(settings));
  opened.position = position;
  return opened;
}

result<open_repository> open_default_repository(const config::options& opts) {
  return open_repository_at(opts, opts.repo_default());
}

result<void> require_pg_host(const config::options& opts) {
  if (opts.pg_count() == 0 || !opts.has_value("pg-host", opts.pg_default()))
    return success();
  return error{errc::host_invalid,
               fmt::format("{} command must be run on the PostgreSQL host", opts.command_name())};
}

result<loaded_control> load_control_bytes(const std::string& pg_path) {
  constexpr auto pause = std::chrono::milliseconds(50);
  auto pgdata = make_posix_storage(pg_path);
  std::vector<std::byte> before;
  for (;;) {
    auto bytes = read_control(*pgdata);
    if (!bytes)
      return bytes.failure();
    auto fields = postgres::parse_control_file(*bytes);
    if (fields)
      return loaded_control{*fields, std::move(*bytes)};
    // A wrong checksum may mean that the server is writing the file; the same bytes twice do not.
    if (fields.failure().code != errc::checksum || *bytes == before)
      return fields.failure().within(fmt::format("{}/{}", pg_path, control_path));
    before = std::move(*bytes);
    std::this_thread::sleep_for(pause);
  }
}

result<postgres::control_file> load_control(const std::string& pg_path) {
  auto loaded = load_control_bytes(pg_path);
  if (!loaded)
    return loaded.failure();
  return loaded->fields;
}

result<loaded_control> load_control_bytes(const config::options& opts, size_t position) {
  const auto& path = opts.text("pg-path", position);
  if (!pg_is_remote(opts, position))
    return load_control_bytes(path);
  auto host = host_of_pg(opts, position);
  if (!host)
    return host.failure();
  auto bytes = remote::load_remote_control(**host);
  if (!bytes)
    return bytes.failure();
  auto fields = postgres::parse_control_file(*bytes);
  if (!fields)
    return fields.failure().within(fmt::format("{}:{}/{}", (*host)->name(), path, control_path));
  return loaded_control{*fields, std::move(*bytes)};
}

result<postgres::control_file> load_control(const config::options& opts, size_t position) {
  auto loaded = load_control_bytes(opts, position);
  if (!loaded)
    return loaded.failure();
  return loaded->fields;
}

storage_opener cluster_opener(const config::options& opts, size_t position) {
  if (!pg_is_remote(opts, position))
    return [](const std::string& path) -> result<std::unique_ptr<storage>> {
      return make_posix_storage(path);
    };
  return [&opts, position](const std::string& path) -> result<std::unique_ptr<storage>> {
    auto host = host_of_pg(opts, position);
    if (!host)
      return host.failure();
    const bool pgdata = path == opts.text("pg-path", position);
    return remote::make_remote_storage(*host, pgdata ? "pg" : path, path);
  };
}

owner_lookup cluster_owners(const config::options& opts, size_t position) {
  if (!pg_is_remote(opts, position))
    return local_owners();
  // A name that cannot be asked for is left out, as one that does not exist.
  return {.user = [&opts, position](uint32_t uid) -> std::optional<std::string> {
            auto host = host_of_pg(opts, position);
            if (!host)
              return {};
            const auto names = remote::load_remote_names(**host, {uid}, {});
            return names && names->users.contains(uid) ? std::optional(names->users.at(uid))
                                                       : std::nullopt;
          },
          .group = [&opts, position](uint32_t gid) -> std::optional<std::string> {
            auto host = host_of_pg(opts, position);
            if (!host)
              return {};
            const auto names = remote::load_remote_names(**host, {}, {gid});
            return names && names->groups.contains(gid) ? std::optional(names->groups.at(gid))
                                                        : std::nullopt;
          }};
}

result<bool> has_postmaster_pid(const config::options& opts, size_t position) {
  auto pgdata = cluster_opener(opts, position)(opts.text("pg-path", position));
  if (!pgdata)
    return pgdata.failure();
  auto found = (*pgdata)->info("postmaster.pid");
  if (!found)
    return found.failure();
  return found->has_value();
}

std::vector<uid_t> trusted_owners(const config::options& opts) {
  if (::geteuid() != 0)
    return {};
  std::vector<uid_t> owners;
  const auto add = [&](const std::string& path) {
    struct stat found = {};
    if (::stat(path.c_str(), &found) == 0)
      owners.push_back(found.st_uid);
  };
  for (size_t i = 0; opts.valid("repo-path") && i < opts.repo_count(); ++i)
    if (!repo_is_remote(opts, i) && opts.text("repo-type", i) != "sftp")
      add(opts.text("repo-path", i));
  for (size_t i = 0; opts.valid("pg-path") && i < opts.pg_count(); ++i)
    if (!pg_is_remote(opts, i) && opts.has_value("pg-path", i))
      add(opts.text("pg-path", i));
  return owners;
}

std::string lock_text(const config::options& opts) {
  return format::render(
      format::lock_content{.exec_id = opts.exec_id(), .pid = static_cast<uint64_t>(::getpid())});
}

result<io::lock_set> lock_command(const config::options& opts) {
  io::lock_request request{.lock_path = opts.text("lock-path"),
                           .stanza = stanza_of(opts),
                           .type = {},
                           .repo_keys = {},
                           .exec_id = opts.exec_id(),
                           .content = lock_text(opts),
                           .also_trusted = trusted_owners(opts)};
  for (const auto position : repository_positions(opts))
    request.repo_keys.push_back(opts.repo_key(position));
  io::lock_set all;
  for (const auto type : lock_types(config::row_of(opts.command()).lock)) {
    request.type = type;
    auto taken = io::lock_set::acquire(request);
    if (!taken)
      return taken.failure();
    all.add(std::move(*taken));
  }
  return all;
}

result<void> check_stop_file(const config::options& opts) {
  return io::check_stop_files(opts.text("lock-path"), stanza_of(opts), trusted_owners(opts));
}

} // namespace pgbraid::cli
