// Opening repositories, reading pg_control, taking locks.
// SPDX-License-Identifier: MIT
#include "cli/command/session.hpp"

#include "engine/format/lock_content.hpp"
#include "storage/posix/posix_storage.hpp"

#include <fmt/format.h>
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

/// The kinds of lock a command takes, as they stand in file names.
std::vector<std::string_view> lock_types(config::lock_kind kind) {
  switch (kind) {
  case config::lock_kind::none:
    return {};
  case config::lock_kind::archive:
    return {"archive"};
  case config::lock_kind::backup:
    return {"backup"};
  case config::lock_kind::restore:
    return {"restore"};
  case config::lock_kind::all:
    return {"archive", "backup", "restore"};
  }
  return {};
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
  opened.files = make_posix_storage(opts.text("repo-path", position));
  opened.stanza = std::make_unique<repository>(*opened.files, std::move(settings));
  opened.position = position;
  return opened;
}

result<open_repository> open_default_repository(const config::options& opts) {
  return open_repository_at(opts, opts.repo_default());
}

result<std::vector<open_repository>> open_repositories(const config::options& opts) {
  std::vector<open_repository> all;
  for (const auto position : repository_positions(opts)) {
    auto opened = open_repository_at(opts, position);
    if (!opened)
      return opened.failure();
    all.push_back(std::move(*opened));
  }
  return all;
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

result<postgres::control_file> load_control(const config::options& opts) {
  return load_control(opts.text("pg-path", opts.pg_default()));
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
                           .content = lock_text(opts)};
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
  return io::check_stop_files(opts.text("lock-path"), stanza_of(opts));
}

} // namespace pgbraid::cli
