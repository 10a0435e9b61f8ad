// The options: one row each, and nothing else knows their names, types, defaults or limits.
// What the columns mean: engine/config/README.md, section 11, and option_row.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/option_row.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace pgbraid::config {

namespace rows {

// Short words for the table below.
using enum option_type;
using enum section;
using enum option_flag;
inline constexpr auto pg = option_group::pg;
inline constexpr auto repo = option_group::repo;

inline constexpr command_set annotate = only(command_id::annotate);
inline constexpr command_set archive_get = only(command_id::archive_get);
inline constexpr command_set archive_push = only(command_id::archive_push);
inline constexpr command_set archive_server = only(command_id::archive_server);
inline constexpr command_set backup = only(command_id::backup);
inline constexpr command_set check = only(command_id::check);
inline constexpr command_set expire = only(command_id::expire);
inline constexpr command_set help = only(command_id::help);
inline constexpr command_set info = only(command_id::info);
inline constexpr command_set manifest = only(command_id::manifest);
inline constexpr command_set repo_get = only(command_id::repo_get);
inline constexpr command_set repo_ls = only(command_id::repo_ls);
inline constexpr command_set repo_put = only(command_id::repo_put);
inline constexpr command_set repo_rm = only(command_id::repo_rm);
inline constexpr command_set restore = only(command_id::restore);
inline constexpr command_set server = only(command_id::server);
inline constexpr command_set server_ping = only(command_id::server_ping);
inline constexpr command_set stanza_create = only(command_id::stanza_create);
inline constexpr command_set stanza_delete = only(command_id::stanza_delete);
inline constexpr command_set stanza_upgrade = only(command_id::stanza_upgrade);
inline constexpr command_set start = only(command_id::start);
inline constexpr command_set stop = only(command_id::stop);
inline constexpr command_set verify = only(command_id::verify);
inline constexpr command_set version = only(command_id::version);

inline constexpr command_set no_commands = {};
inline constexpr command_set every = {};
inline constexpr command_set backup_expire = backup | expire;
inline constexpr command_set db_commands =
    backup | check | stanza_create | stanza_delete | stanza_upgrade;
inline constexpr command_set job_commands = archive_get | archive_push | backup | restore | verify;
inline constexpr command_set pg_host_commands = db_commands | manifest;
inline constexpr command_set pg_path_commands =
    pg_host_commands | archive_get | archive_push | restore;
inline constexpr command_set repo_commands =
    pg_path_commands | annotate | expire | info | repo_get | repo_ls | repo_put | repo_rm | verify;
inline constexpr command_set working_commands = repo_commands | server | server_ping;
inline constexpr command_set all_commands = working_commands | archive_server | start | stop;

inline constexpr auto options = std::to_array<option_row>({
    // clang-format off
    // Command-line only: general
    {.name = "config", .fallback = "/etc/pgbraid/pgbraid.toml", .commands = all_commands, .flags = negatable, .help = "main configuration file (.toml, else INI); when neither this nor the default exists, pgBackRest's files are read"},
    {.name = "config-path", .type = path, .fallback = "/etc/pgbackrest", .commands = all_commands, .help = "base directory for the two defaults below it"},
    {.name = "config-include-path", .type = path, .fallback = "/etc/pgbackrest/conf.d", .commands = all_commands, .help = "directory whose *.conf files are appended"},
    {.name = "stanza", .commands = all_commands - server - server_ping, .own_for = archive_server, .required = annotate | archive_get | archive_push | archive_server | backup | expire | manifest | restore | stanza_create | stanza_delete | stanza_upgrade | verify, .help = "name of the cluster; selects sections of the configuration, paths in the repository, locks and logs"},
    {.name = "set", .fallback = "manifest/restore: latest", .commands = annotate | expire | info | manifest | restore | verify, .needs = {"stanza", "", info}, .flags = asking, .help = "backup label (latest only where it is the default)"},
    {.name = "type", .type = choice, .fallback = "backup: incr; restore: default", .allowed = "backup: full | diff | incr; info: full | diff | incr; restore: default | preserve | immediate | standby | none | name | time | lsn | xid", .commands = backup | info | restore, .flags = asking, .help = "backup type, info filter, or recovery type"},
    {.name = "force", .type = boolean, .fallback = "n", .commands = backup | restore | stanza_create | stanza_delete | stop, .needs = {"online", "n", backup}, .flags = asking, .help = "go on where it is refused by default: offline backup while PostgreSQL runs, restore over existing files"},
    {.name = "output", .type = choice, .fallback = "verify: none; text", .allowed = "verify: none | text | json; version: text | num; text | json", .commands = info | manifest | repo_ls | verify | version, .flags = asking, .help = "output format"},
    {.name = "dry-run", .type = boolean, .fallback = "n", .commands = backup | expire | restore, .own_for = backup | restore, .flags = asking, .help = "compute and log, write nothing"},
    {.name = "help", .type = boolean, .fallback = "n", .commands = help, .flags = asking, .help = "show help"},
    {.name = "version", .type = boolean, .fallback = "n", .commands = help, .flags = asking, .help = "show version"},
    {.name = "repo", .type = integer, .allowed = "1..256", .commands = annotate | archive_get | backup | expire | info | manifest | repo_get | repo_ls | repo_put | repo_rm | restore | stanza_delete | verify, .remote_too = repo_commands, .help = "key of the one repository to use"},
    {.name = "pg", .type = integer, .allowed = "1..256", .commands = manifest, .flags = internal | asking, .help = "key of the cluster to use"},
    // Command-line only: expire, info, verify, manifest, repo-*
    {.name = "archive-expire-before", .commands = expire, .flags = asking, .help = "exact 24-hex WAL name; older WAL may go, retention ranges still protected"},
    {.name = "oldest", .type = boolean, .fallback = "n", .commands = expire, .needs = {"stanza", "", expire}, .flags = asking, .help = "expire the oldest full set now"},
    {.name = "detail-level", .type = choice, .fallback = "full", .allowed = "full | progress", .commands = info, .flags = asking, .help = "progress reports only name, status and locks"},
    {.name = "verbose", .type = boolean, .fallback = "n", .commands = verify, .flags = asking, .help = "report also when all is well"},
    {.name = "reference", .commands = manifest, .flags = asking, .help = "only files stored in this backup label, or latest for files stored in the set itself"},
    {.name = "filter", .commands = manifest | repo_ls, .flags = asking, .help = "repo-ls: regex on names; manifest: exact manifest file name"},
    {.name = "recurse", .type = boolean, .fallback = "n", .commands = repo_ls | repo_rm, .flags = asking, .help = "descend (ls) or remove non-empty path (rm)"},
    {.name = "sort", .type = choice, .fallback = "asc", .allowed = "none | asc | desc", .commands = repo_ls, .flags = asking, .help = "order of names"},
    {.name = "ignore-missing", .type = boolean, .fallback = "n", .commands = repo_get, .flags = asking, .help = "missing file gives exit 1 and no message"},
    {.name = "raw", .type = boolean, .fallback = "n", .commands = repo_get | repo_put, .flags = asking, .help = "no decrypt/encrypt"},
    {.name = "report", .type = boolean, .fallback = "n", .commands = check, .flags = internal | asking, .unbuilt = "*", .help = "print config/environment as JSON instead of checking"},
    // Command-line only: backup / restore
    {.name = "online", .type = boolean, .fallback = "y", .commands = db_commands - check - stanza_delete, .flags = negatable | asking, .help = "--no-online: file-level backup/creation without connecting"},
    {.name = "target", .commands = restore, .required = restore, .needs = {"type", "lsn | name | time | xid"}, .flags = asking, .help = "recovery target value"},
    {.name = "target-action", .type = choice, .fallback = "pause", .allowed = "pause | promote | shutdown", .commands = restore, .needs = {"type", "immediate | lsn | name | time | xid"}, .flags = asking, .help = "what PostgreSQL does at the target; pause is not written out"},
    {.name = "target-exclusive", .type = boolean, .fallback = "n", .commands = restore, .needs = {"type", "lsn | time | xid"}, .flags = asking, .help = "write recovery_target_inclusive=false"},
    {.name = "target-timeline", .commands = restore, .needs = {"type", "default | lsn | name | standby | time | xid"}, .flags = asking, .help = "current, latest, decimal or 0x-hex id"},
    // Command-line only: process plumbing
    {.name = "exec-id", .commands = all_commands, .flags = internal, .help = "<pid>-<8 hex>; ties a command to its children and locks"},
    {.name = "process", .type = integer, .allowed = "0..1024", .commands = no_commands, .remote_too = repo_commands, .flags = internal, .help = "worker number (0 = main process remote)"},
    {.name = "lock", .type = list, .commands = no_commands, .flags = internal | repeatable, .help = "lock file names the remote must take"},
    {.name = "remote-type", .type = choice, .allowed = "pg | repo", .commands = no_commands, .remote_too = repo_commands, .flags = internal, .help = "which storage the worker serves"},
    // General
    {.name = "allow-root", .type = boolean, .where = global, .fallback = "restore: y; n", .commands = all_commands, .flags = negatable | resettable, .help = "permit running as uid 0 (restore permits by default)"},
    {.name = "archive-timeout", .type = time, .where = global, .fallback = "1m", .allowed = "100ms..1d", .commands = archive_get | archive_push | backup | check, .flags = resettable | asking, .help = "max wait for WAL to arrive / async result / standby replay"},
    {.name = "beta", .type = boolean, .where = global, .fallback = "n", .commands = all_commands, .flags = internal | negatable | resettable, .help = "permit beta options"},
    {.name = "buffer-size", .type = size, .where = global, .fallback = "1MiB", .allowed = "16KiB | 32KiB | 64KiB | 128KiB | 256KiB | 512KiB | 1MiB | 2MiB | 4MiB | 8MiB | 16MiB", .commands = working_commands, .flags = resettable, .help = "I/O buffer"},
    {.name = "cmd", .where = global, .fallback = "<program>", .commands = job_commands, .flags = resettable | asking, .help = "path of the binary to write into restore_command and to exec for children"},
    {.name = "cmd-ssh", .where = global, .fallback = "ssh", .commands = repo_commands, .flags = resettable | asking, .help = "SSH client to exec"},
    {.name = "compress", .type = boolean, .where = global, .fallback = "y", .commands = archive_push | backup, .flags = negatable | resettable | asking, .help = "deprecated boolean; n maps to compress-type=none"},
    {.name = "compress-type", .type = choice, .where = global, .fallback = "gz", .allowed = "none | bz2 | gz | lz4 | zst", .commands = archive_push | backup, .flags = resettable | asking, .help = "repository compression (backup files and WAL)"},
    {.name = "compress-level", .type = integer, .where = global, .fallback = "bz2: 9; gz: 6; lz4: 1; zst: 3", .allowed = "bz2: 1..9; gz: -1..9; lz4: -5..12; zst: -7..22", .commands = archive_push | backup, .needs = {"compress-type", "bz2 | gz | lz4 | zst", every, "0"}, .flags = resettable | asking, .help = "level for compress-type"},
    {.name = "compress-level-network", .type = integer, .where = global, .fallback = "1", .allowed = "-5..12", .commands = repo_commands, .flags = resettable | asking, .help = "lz4 level for remote transfers of compressible data"},
    {.name = "db-timeout", .type = time, .where = global, .fallback = "30m", .allowed = "100ms..7d", .commands = db_commands, .flags = resettable, .help = "max time of one SQL statement (start/stop backup included)"},
    {.name = "delta", .type = boolean, .where = global, .fallback = "n", .commands = backup | restore, .flags = negatable | resettable | asking, .help = "backup: decide by checksum, not size+mtime; restore: reuse matching files"},
    {.name = "io-timeout", .type = time, .where = global, .fallback = "1m", .allowed = "100ms..1h", .commands = working_commands, .flags = resettable, .help = "connect and read/write timeout"},
    {.name = "job-retry", .type = integer, .where = global, .fallback = "archive-get/archive-push: 1; 2", .allowed = "0..360", .commands = job_commands, .flags = internal | resettable | asking, .unbuilt = "*", .help = "retries of a failed worker job"},
    {.name = "job-retry-interval", .type = time, .where = global, .fallback = "15s", .allowed = "0s..15m", .commands = job_commands, .flags = internal | resettable | asking, .unbuilt = "*", .help = "sleep before 2nd and later retries (1st is immediate)"},
    {.name = "lock-path", .type = path, .where = global, .fallback = "/tmp/pgbackrest", .commands = annotate | archive_get | archive_push | archive_server | backup | expire | info | restore | stanza_create | stanza_delete | stanza_upgrade | start | stop, .own_for = archive_server, .flags = resettable, .help = "directory of lock and stop files"},
    {.name = "neutral-umask", .type = boolean, .where = global, .fallback = "y", .commands = annotate | archive_get | archive_push | backup | check | expire | repo_get | repo_ls | repo_put | repo_rm | restore | stanza_create | stanza_delete | stanza_upgrade | start | stop | verify, .flags = negatable | resettable, .help = "umask 0000 so modes are exactly 0640/0750"},
    {.name = "priority", .type = integer, .where = global, .allowed = "-20..19", .commands = all_commands, .flags = resettable, .help = "setpriority of the process"},
    {.name = "process-max", .type = integer, .where = global, .fallback = "archive-get/archive-push/verify: 1", .allowed = "1..999", .commands = job_commands, .flags = resettable, .help = "parallel workers; backup and restore without it choose between 1 and the number of cores"},
    {.name = "protocol-timeout", .type = time, .where = global, .fallback = "31m", .allowed = "100ms..7d", .commands = working_commands - server_ping, .flags = resettable, .help = "max wait for a peer process message"},
    {.name = "spool-path", .type = path, .where = global, .fallback = "/var/spool/pgbackrest", .commands = archive_get | archive_push | check | info | restore | verify, .own_for = check | info | verify, .needs = {"archive-async", "y", archive_get}, .flags = resettable | asking, .help = "directory of what is archived asynchronously, and of what waits for repositories that are not in archive-require"},
    {.name = "sck-block", .type = boolean, .where = global, .fallback = "n", .commands = working_commands, .flags = internal | negatable | resettable, .help = "blocking sockets (test)"},
    {.name = "sck-keep-alive", .type = boolean, .where = global, .fallback = "y", .commands = working_commands, .flags = negatable | resettable, .help = "SO_KEEPALIVE"},
    {.name = "tcp-keep-alive-count", .type = integer, .where = global, .allowed = "1..32", .commands = working_commands, .needs = {"sck-keep-alive", "y"}, .flags = resettable, .help = "TCP_KEEPCNT"},
    {.name = "tcp-keep-alive-idle", .type = integer, .where = global, .allowed = "1..3600", .commands = working_commands, .needs = {"sck-keep-alive", "y"}, .flags = resettable, .help = "TCP_KEEPIDLE"},
    {.name = "tcp-keep-alive-interval", .type = integer, .where = global, .allowed = "1..900", .commands = working_commands, .needs = {"sck-keep-alive", "y"}, .flags = resettable, .help = "TCP_KEEPINTVL"},
    {.name = "tls-cipher-12", .where = global, .commands = working_commands, .flags = resettable, .help = "OpenSSL cipher list for TLS 1.2"},
    {.name = "tls-cipher-13", .where = global, .commands = working_commands, .flags = resettable, .help = "ciphersuites for TLS 1.3"},
    // Logging
    {.name = "log-level-console", .type = choice, .where = global, .fallback = "warn", .allowed = "off | error | warn | info | detail | debug | trace", .commands = all_commands, .flags = resettable, .help = "stdout level"},
    {.name = "log-level-file", .type = choice, .where = global, .fallback = "info", .allowed = "off | error | warn | info | detail | debug | trace", .commands = all_commands, .flags = resettable, .help = "file level"},
    {.name = "log-level-stderr", .type = choice, .where = global, .fallback = "off", .allowed = "off | error | warn | info | detail | debug | trace", .commands = all_commands, .flags = resettable, .help = "lines at or below this level go to stderr instead of stdout, without time stamp and process id"},
    {.name = "log-path", .type = path, .where = global, .fallback = "/var/log/pgbackrest", .commands = all_commands, .flags = resettable, .help = "directory of log files"},
    {.name = "log-subprocess", .type = boolean, .where = global, .fallback = "n", .commands = repo_commands, .flags = negatable | resettable, .help = "also let local/remote workers write log files"},
    {.name = "log-timestamp", .type = boolean, .where = global, .fallback = "y", .commands = all_commands, .flags = negatable | resettable, .help = "time stamp on console and file lines, and the (NNNms) suffix"},
    // Archive (get/push)
    {.name = "archive-async", .type = boolean, .where = global, .fallback = "n", .commands = archive_get | archive_push, .flags = negatable | resettable, .help = "use the spool and background workers"},
    {.name = "archive-get-queue-max", .type = size, .where = global, .fallback = "128MiB", .allowed = "0B..4PiB", .commands = archive_get, .flags = resettable | asking, .help = "bytes of WAL to keep prefetched"},
    {.name = "archive-header-check", .type = boolean, .where = global, .fallback = "y", .commands = archive_push, .flags = negatable | resettable | asking, .help = "compare WAL header version/system-id with the stanza"},
    {.name = "archive-missing-retry", .type = boolean, .where = global, .fallback = "y", .commands = archive_get, .flags = negatable | resettable | asking, .help = "async get: retry a segment previously reported missing"},
    {.name = "archive-push-batch-size", .type = size, .where = global, .fallback = "16GiB", .allowed = "1MiB..4PiB", .commands = archive_push, .flags = resettable | asking, .help = "max bytes of WAL handled by one async push run"},
    {.name = "archive-push-queue-max", .type = size, .where = global, .allowed = "0B..4PiB", .commands = archive_push, .flags = resettable | asking, .help = "over this, WAL is dropped and reported as archived (with a warning)"},
    {.name = "archive-check", .type = boolean, .where = global, .fallback = "y", .commands = archive_push | backup | check, .needs = {"online", "y", backup, "n"}, .flags = negatable | resettable | asking, .help = "verify that WAL of the backup reached the archive"},
    {.name = "archive-mode-check", .type = boolean, .where = global, .fallback = "y", .commands = archive_push | backup | check, .needs = {"archive-check", "y", every, "n"}, .flags = negatable | resettable | asking, .help = "reject archive_mode=always; warn on same-checksum duplicates"},
    // Backup
    {.name = "annotation", .type = map, .where = global, .commands = annotate | backup, .required = annotate, .flags = repeatable | resettable | asking, .help = "key=value stored with the backup; empty value removes"},
    {.name = "archive-copy", .type = boolean, .where = global, .fallback = "n", .commands = backup, .needs = {"archive-check", "y", backup, "n"}, .flags = negatable | resettable | asking, .help = "also store needed WAL inside the backup under pg_wal"},
    {.name = "backup-standby", .type = bool_like, .where = global, .fallback = "n", .allowed = "n | prefer | y", .commands = backup | check, .flags = negatable | resettable | asking, .help = "copy most files from a standby (prefer: fall back to primary)"},
    {.name = "checksum-page", .type = boolean, .where = global, .commands = backup, .flags = negatable | resettable | asking, .help = "page checksum validation; unset = follow the cluster (offline: off)"},
    {.name = "checksum-page-error", .type = boolean, .where = global, .fallback = "backup: n; y", .commands = backup | expire | restore, .flags = negatable | resettable | asking, .help = "invalid page checksums are errors: backup and restore end at the file, expire removes nothing where the oldest set it keeps has some; n: only a warning"},
    {.name = "page-header-check", .type = boolean, .where = global, .fallback = "y", .commands = backup, .flags = negatable | resettable | asking, .help = "use pd_upper==0 to spot new pages; off for encrypted pages"},
    {.name = "exclude", .type = list, .where = global, .commands = backup, .flags = repeatable | resettable | asking, .help = "path relative to PGDATA; trailing / means contents only"},
    {.name = "expire-auto", .type = boolean, .where = global, .fallback = "y", .commands = backup, .flags = negatable | resettable | asking, .help = "run expire after a good backup"},
    {.name = "manifest-save-threshold", .type = size, .where = global, .fallback = "1GiB", .allowed = "1B..1TiB", .commands = backup, .flags = resettable | asking, .help = "save manifest copy after this many bytes (or 1% of total if larger)"},
    {.name = "resume", .type = boolean, .where = global, .fallback = "y", .commands = backup, .flags = negatable | resettable | asking, .help = "go on with an aborted backup"},
    {.name = "start-fast", .type = boolean, .where = global, .fallback = "n", .commands = backup, .flags = negatable | resettable | asking, .help = "immediate checkpoint"},
    {.name = "stop-auto", .type = boolean, .where = global, .fallback = "n", .commands = backup, .flags = internal | negatable | resettable | asking, .help = "ignored; warns that it is deprecated"},
    // Restore
    {.name = "archive-mode", .type = choice, .where = global, .fallback = "preserve", .allowed = "preserve | off", .commands = restore, .flags = resettable | asking, .help = "off: write archive_mode=off (PG >= 12)"},
    {.name = "db-exclude", .type = list, .where = global, .commands = restore, .flags = repeatable | resettable | asking, .help = "databases (name or oid) restored as zeroed files"},
    {.name = "db-include", .type = list, .where = global, .commands = restore, .flags = repeatable | resettable | asking, .help = "restore only these (plus system) databases"},
    {.name = "link-all", .type = boolean, .where = global, .fallback = "n", .commands = restore, .flags = negatable | resettable | asking, .help = "recreate all links at their original destinations"},
    {.name = "link-map", .type = map, .where = global, .commands = restore, .flags = repeatable | resettable | asking, .help = "link=destination"},
    {.name = "tablespace-map", .type = map, .where = global, .commands = restore, .flags = repeatable | resettable | asking, .help = "name-or-oid=path"},
    {.name = "tablespace-map-all", .where = global, .commands = restore, .flags = resettable | asking, .help = "base path for all tablespaces, name appended"},
    {.name = "recovery-option", .type = map, .where = global, .commands = restore, .needs = {"type", "default | immediate | lsn | name | time | standby | xid"}, .flags = repeatable | resettable | asking, .help = "extra recovery settings; - in names becomes _"},
    // TLS server
    {.name = "tls-server-address", .where = global, .fallback = "localhost", .commands = server | server_ping, .flags = resettable | asking, .help = "bind address / ping target"},
    {.name = "tls-server-port", .type = integer, .where = global, .fallback = "8432", .allowed = "1..65535", .commands = server | server_ping, .flags = resettable | asking, .help = "port"},
    {.name = "tls-server-ca-file", .type = path, .where = global, .commands = server, .required = server, .flags = resettable | asking, .help = "CA that client certificates must chain to"},
    {.name = "tls-server-cert-file", .type = path, .where = global, .commands = server, .required = server, .flags = resettable | asking, .help = "server certificate"},
    {.name = "tls-server-key-file", .type = path, .where = global, .commands = server, .required = server, .flags = resettable | asking, .help = "server key"},
    {.name = "tls-server-auth", .type = map, .where = global, .commands = server, .required = server, .flags = repeatable | resettable | asking, .help = "client CN = * or comma list of stanzas"},
    // PostgreSQL hosts and clusters (pgN-, N = 1..256)
    {.name = "pg-path", .group = pg, .type = path, .where = stanza, .commands = pg_path_commands, .required = pg_path_commands - archive_push - manifest, .needs = {"stanza", "", check}, .flags = resettable, .help = "data directory; must equal data_directory of the running server"},
    {.name = "pg-local", .group = pg, .type = boolean, .where = stanza, .fallback = "n", .commands = pg_path_commands, .flags = internal | negatable | resettable | asking, .help = "marks the pg as local for a worker"},
    {.name = "pg-host", .group = pg, .where = stanza, .commands = pg_path_commands, .needs = {"pg-local", "n"}, .flags = resettable | asking, .help = "host of the cluster when not local"},
    {.name = "pg-host-type", .group = pg, .type = choice, .where = global, .fallback = "ssh", .allowed = "ssh | tls", .commands = pg_host_commands, .needs = {"pg-host"}, .flags = resettable | asking, .help = "transport"},
    {.name = "pg-host-user", .group = pg, .where = stanza, .fallback = "postgres", .commands = pg_host_commands, .needs = {"pg-host-type", "ssh"}, .flags = resettable | asking, .help = "SSH login user"},
    {.name = "pg-host-port", .group = pg, .type = integer, .where = stanza, .fallback = "tls: 8432", .allowed = "0..65535", .commands = pg_host_commands, .needs = {"pg-host-type", "ssh | tls"}, .flags = resettable | asking, .help = "SSH or TLS port"},
    {.name = "pg-host-cmd", .group = pg, .where = stanza, .fallback = "<program>", .commands = pg_host_commands, .needs = {"pg-host-type", "ssh"}, .flags = resettable | asking, .help = "remote binary"},
    {.name = "pg-host-config", .group = pg, .type = path, .where = stanza, .fallback = "/etc/pgbackrest/pgbackrest.conf", .commands = pg_host_commands, .needs = {"pg-host"}, .flags = resettable | asking, .help = "config file used by the remote process"},
    {.name = "pg-host-config-path", .group = pg, .type = path, .where = stanza, .fallback = "/etc/pgbackrest", .commands = pg_host_commands, .needs = {"pg-host"}, .flags = resettable | asking, .help = "config base path on the remote"},
    {.name = "pg-host-config-include-path", .group = pg, .type = path, .where = stanza, .fallback = "/etc/pgbackrest/conf.d", .commands = pg_host_commands, .needs = {"pg-host"}, .flags = resettable | asking, .help = "include path on the remote"},
    {.name = "pg-host-cert-file", .group = pg, .where = global, .commands = pg_host_commands, .required = pg_host_commands, .needs = {"pg-host-type", "tls"}, .flags = resettable | asking, .help = "client certificate"},
    {.name = "pg-host-key-file", .group = pg, .where = global, .commands = pg_host_commands, .required = pg_host_commands, .needs = {"pg-host-type", "tls"}, .flags = resettable | asking, .help = "client key"},
    {.name = "pg-host-ca-file", .group = pg, .where = global, .commands = pg_host_commands, .needs = {"pg-host-type", "tls"}, .flags = resettable | asking, .help = "CA for the server certificate"},
    {.name = "pg-host-ca-path", .group = pg, .where = global, .commands = pg_host_commands, .needs = {"pg-host-type", "tls"}, .flags = resettable | asking, .help = "CA directory"},
    {.name = "pg-database", .group = pg, .where = stanza, .fallback = "postgres", .commands = db_commands, .needs = {"pg-path"}, .flags = resettable, .help = "database to connect to"},
    {.name = "pg-port", .group = pg, .type = integer, .where = stanza, .fallback = "5432", .allowed = "0..65535", .commands = db_commands, .needs = {"pg-path"}, .flags = resettable, .help = "server port"},
    {.name = "pg-socket-path", .group = pg, .where = stanza, .commands = db_commands, .needs = {"pg-path"}, .flags = resettable, .help = "socket directory (or @abstract)"},
    {.name = "pg-user", .group = pg, .where = stanza, .commands = db_commands, .needs = {"pg-path"}, .flags = resettable, .help = "database role"},
    {.name = "pg-version-force", .where = stanza, .commands = pg_path_commands | verify, .flags = resettable, .unbuilt = "*", .help = "treat pg_control/WAL as this version (forks)"},
    // Repository: common (repoN-, N = 1..256)
    {.name = "repo-type", .group = repo, .type = choice, .where = global, .fallback = "posix", .allowed = "azure | cifs | gcs | posix | s3 | sftp", .commands = repo_commands, .flags = resettable, .help = "storage driver"},
    {.name = "repo-path", .group = repo, .type = path, .where = global, .fallback = "/var/lib/pgbackrest", .commands = repo_commands, .flags = resettable, .help = "root of the repository"},
    {.name = "repo-cipher-type", .group = repo, .type = choice, .where = global, .allowed = "none | aes-256-cbc", .commands = repo_commands, .flags = resettable, .help = "repository encryption"},
    {.name = "repo-cipher-pass", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-cipher-type", "aes-256-cbc"}, .flags = secure | resettable, .help = "repository passphrase"},
    {.name = "repo-hardlink", .group = repo, .type = boolean, .where = global, .fallback = "n", .commands = backup, .needs = {"repo-bundle", "n", every, "n"}, .flags = negatable | resettable | asking, .help = "hard link unchanged files into each backup"},
    {.name = "repo-symlink", .group = repo, .type = boolean, .where = global, .fallback = "y", .commands = backup_expire, .needs = {"repo-type", "posix", every, "n"}, .flags = negatable | resettable | asking, .help = "create latest and tablespace symlinks"},
    {.name = "repo-target-time", .where = global, .commands = archive_get | info | manifest | repo_get | repo_ls | restore | verify, .needs = {.option = "repo"}, .flags = resettable | asking, .help = "read the repository as of this time (versioned object stores); not indexed; needs --repo"},
    {.name = "repo-format", .group = repo, .type = integer, .fallback = "5", .allowed = "5 | 6", .commands = stanza_create | stanza_upgrade, .flags = internal | asking, .unbuilt = "*", .help = "format of the repository"},
    {.name = "repo-cipher-rotate", .group = repo, .type = time, .where = global, .fallback = "90d", .allowed = "15d..9999999d", .commands = backup_expire, .needs = {"repo-cipher-type", "aes-256-cbc"}, .flags = internal | resettable | asking, .help = "how long a key for WAL is used; only repositories of format 6 have such keys"},
    // Repository: retention
    {.name = "repo-retention-full-type", .group = repo, .type = choice, .where = global, .fallback = "count", .allowed = "count | time", .commands = backup_expire, .flags = resettable | asking, .help = "count of fulls, or days"},
    {.name = "repo-retention-full", .group = repo, .type = integer, .where = global, .allowed = "1..9999999", .commands = backup_expire, .flags = resettable | asking, .help = "how many fulls / days"},
    {.name = "repo-retention-diff", .group = repo, .type = integer, .where = global, .allowed = "1..9999999", .commands = backup_expire, .flags = resettable | asking, .help = "how many diffs (fulls count too)"},
    {.name = "repo-retention-archive-type", .group = repo, .type = choice, .where = global, .fallback = "full", .allowed = "full | diff | incr", .commands = backup_expire, .flags = resettable | asking, .help = "which backups count for WAL retention"},
    {.name = "repo-retention-archive", .group = repo, .type = integer, .where = global, .allowed = "1..9999999", .commands = backup_expire, .flags = resettable | asking, .help = "how many of them keep continuous WAL"},
    {.name = "repo-retention-history", .group = repo, .type = integer, .where = global, .allowed = "0..9999999", .commands = backup_expire, .flags = resettable | asking, .help = "days to keep manifests in backup.history"},
    // Repository: bundle and block incremental
    {.name = "repo-bundle", .group = repo, .type = boolean, .where = global, .fallback = "n", .commands = backup, .flags = negatable | resettable | asking, .help = "pack small files"},
    {.name = "repo-bundle-size", .group = repo, .type = size, .where = global, .fallback = "20MiB", .allowed = "1MiB..1PiB", .commands = backup, .needs = {"repo-bundle", "y"}, .flags = resettable | asking, .help = "target bundle size (uncompressed)"},
    {.name = "repo-bundle-limit", .group = repo, .type = size, .where = global, .fallback = "2MiB", .allowed = "8KiB..1PiB", .commands = backup, .needs = {"repo-bundle", "y"}, .flags = resettable | asking, .help = "largest file that may be bundled"},
    {.name = "repo-block", .group = repo, .type = boolean, .where = global, .fallback = "n", .commands = backup, .needs = {"repo-bundle", "y", every, "n"}, .flags = negatable | resettable | asking, .help = "block incremental"},
    {.name = "repo-block-size-map", .group = repo, .type = map, .where = global, .commands = backup, .needs = {"repo-block", "y"}, .flags = internal | repeatable | resettable | asking, .help = "file size = block size"},
    {.name = "repo-block-age-map", .group = repo, .type = map, .where = global, .commands = backup, .needs = {"repo-block", "y"}, .flags = internal | repeatable | resettable | asking, .help = "age in days = block multiplier (0 = whole file)"},
    {.name = "repo-block-checksum-size-map", .group = repo, .type = map, .where = global, .commands = backup, .needs = {"repo-block", "y"}, .flags = internal | repeatable | resettable | asking, .help = "block size = checksum bytes (min 6)"},
    {.name = "repo-block-size-super", .group = repo, .type = size, .where = global, .fallback = "256KiB", .allowed = "32KiB..16MiB", .commands = backup, .needs = {"repo-block", "y"}, .flags = internal | resettable | asking, .help = "super block size, diff/incr"},
    {.name = "repo-block-size-super-full", .group = repo, .type = size, .where = global, .fallback = "1MiB", .allowed = "32KiB..16MiB", .commands = backup, .needs = {"repo-block", "y"}, .flags = internal | resettable | asking, .help = "super block size, full"},
    // Repository: host
    {.name = "repo-local", .group = repo, .type = boolean, .where = global, .fallback = "n", .commands = repo_commands, .flags = internal | negatable | resettable | asking, .help = "marks the repo as local for a worker"},
    {.name = "repo-host", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-local", "n"}, .flags = resettable | asking, .help = "repository host"},
    {.name = "repo-host-type", .group = repo, .type = choice, .where = global, .fallback = "ssh", .allowed = "ssh | tls", .commands = repo_commands, .needs = {"repo-host"}, .flags = resettable | asking, .help = "transport"},
    {.name = "repo-host-user", .group = repo, .where = global, .fallback = "pgbackrest", .commands = repo_commands, .needs = {"repo-host-type", "ssh"}, .flags = resettable | asking, .help = "SSH login user"},
    {.name = "repo-host-port", .group = repo, .type = integer, .where = global, .fallback = "tls: 8432", .allowed = "0..65535", .commands = repo_commands, .needs = {"repo-host-type", "ssh | tls"}, .flags = resettable | asking, .help = "SSH or TLS port"},
    {.name = "repo-host-cmd", .group = repo, .where = global, .fallback = "<program>", .commands = repo_commands, .needs = {"repo-host-type", "ssh"}, .flags = resettable | asking, .help = "remote binary"},
    {.name = "repo-host-config", .group = repo, .where = global, .fallback = "/etc/pgbackrest/pgbackrest.conf", .commands = repo_commands, .needs = {"repo-host"}, .flags = resettable | asking, .help = "config file used by the remote process"},
    {.name = "repo-host-config-path", .group = repo, .type = path, .where = global, .fallback = "/etc/pgbackrest", .commands = repo_commands, .needs = {"repo-host"}, .flags = resettable | asking, .help = "config base path on the remote"},
    {.name = "repo-host-config-include-path", .group = repo, .type = path, .where = global, .fallback = "/etc/pgbackrest/conf.d", .commands = repo_commands, .needs = {"repo-host"}, .flags = resettable | asking, .help = "include path on the remote"},
    {.name = "repo-host-cert-file", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-host-type", "tls"}, .flags = resettable | asking, .help = "client certificate"},
    {.name = "repo-host-key-file", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-host-type", "tls"}, .flags = resettable | asking, .help = "client key"},
    {.name = "repo-host-ca-file", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-host-type", "tls"}, .flags = resettable | asking, .help = "CA for the server certificate"},
    {.name = "repo-host-ca-path", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-host-type", "tls"}, .flags = resettable | asking, .help = "CA directory"},
    // Repository: object-store common
    {.name = "repo-storage-host", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-type", "azure | s3"}, .flags = resettable, .help = "connect here instead of the endpoint"},
    {.name = "repo-storage-port", .group = repo, .type = integer, .where = global, .fallback = "443", .allowed = "1..65535", .commands = repo_commands, .needs = {"repo-type", "azure | s3"}, .flags = resettable, .help = "port"},
    {.name = "repo-storage-prefetch", .group = repo, .type = integer, .where = global, .fallback = "3", .allowed = "0..1024", .commands = repo_commands - repo_put, .needs = {"repo-type", "azure | gcs | s3"}, .flags = resettable, .help = "requests sent ahead while reading an object"},
    {.name = "repo-storage-read-over", .group = repo, .type = size, .where = global, .fallback = "64KiB", .allowed = "0B..1MiB", .commands = repo_commands - repo_put, .needs = {"repo-type", "azure | gcs | s3"}, .flags = resettable, .help = "gaps up to this size between wanted parts of an object are read and thrown away"},
    {.name = "repo-storage-verify-tls", .group = repo, .type = boolean, .where = global, .fallback = "y", .commands = repo_commands, .needs = {"repo-type", "azure | gcs | s3"}, .flags = negatable | resettable, .help = "verify server certificate"},
    {.name = "repo-storage-ca-file", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-type", "azure | gcs | s3"}, .flags = resettable, .help = "CA file"},
    {.name = "repo-storage-ca-path", .group = repo, .type = path, .where = global, .commands = repo_commands, .needs = {"repo-type", "azure | gcs | s3"}, .flags = resettable, .help = "CA directory"},
    {.name = "repo-storage-tag", .group = repo, .type = map, .where = global, .commands = repo_commands, .needs = {"repo-type", "azure | gcs | s3"}, .flags = repeatable | resettable, .help = "object tags"},
    {.name = "repo-storage-upload-chunk-size", .group = repo, .type = size, .where = global, .fallback = "azure: 4MiB; gcs: 4MiB; s3: 5MiB", .allowed = "azure: 4MiB..1GiB; gcs: 4MiB..1GiB; s3: 5MiB..1GiB", .commands = repo_commands, .needs = {"repo-type", "azure | gcs | s3"}, .flags = resettable, .help = "multipart chunk size"},
    // Repository: S3
    {.name = "repo-s3-bucket", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-type", "s3"}, .flags = resettable, .help = "bucket; no dots with host URIs and TLS verify"},
    {.name = "repo-s3-endpoint", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-type", "s3"}, .flags = resettable, .help = "endpoint"},
    {.name = "repo-s3-key", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-s3-key-type", "shared"}, .flags = secure | resettable, .help = "access key"},
    {.name = "repo-s3-key-secret", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-s3-key-type", "shared"}, .flags = secure | resettable, .help = "secret key"},
    {.name = "repo-s3-key-type", .group = repo, .type = choice, .where = global, .fallback = "shared", .allowed = "shared | auto | web-id | pod-id | process", .commands = repo_commands, .needs = {"repo-type", "s3"}, .flags = resettable, .help = "how credentials are found"},
    {.name = "repo-s3-kms-key-id", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-type", "s3"}, .flags = resettable, .help = "SSE-KMS key"},
    {.name = "repo-s3-process-cmd", .group = repo, .type = list, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-s3-key-type", "process"}, .flags = repeatable | resettable, .help = "command (one element per occurrence) printing credentials"},
    {.name = "repo-s3-region", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-type", "s3"}, .flags = resettable, .help = "region"},
    {.name = "repo-s3-requester-pays", .group = repo, .type = boolean, .where = global, .fallback = "n", .commands = repo_commands, .needs = {"repo-type", "s3"}, .flags = negatable | resettable, .help = "send requester-pays header"},
    {.name = "repo-s3-role", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-s3-key-type", "auto"}, .flags = resettable, .help = "instance role"},
    {.name = "repo-s3-service", .group = repo, .where = global, .fallback = "s3", .commands = repo_commands, .needs = {"repo-type", "s3"}, .flags = resettable, .help = "service name in signatures"},
    {.name = "repo-s3-sse-customer-key", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-type", "s3"}, .flags = secure | resettable, .help = "SSE-C key"},
    {.name = "repo-s3-sts-host", .group = repo, .where = global, .fallback = "sts.amazonaws.com", .commands = repo_commands, .needs = {"repo-s3-key-type", "web-id"}, .flags = resettable, .help = "STS host"},
    {.name = "repo-s3-token", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-s3-key-type", "shared"}, .flags = secure | resettable, .help = "session token"},
    {.name = "repo-s3-uri-style", .group = repo, .type = choice, .where = global, .fallback = "host", .allowed = "host | path", .commands = repo_commands, .needs = {"repo-type", "s3"}, .flags = resettable, .help = "bucket in host name or path"},
    // Repository: Azure
    {.name = "repo-azure-account", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-type", "azure"}, .flags = secure | resettable, .help = "account"},
    {.name = "repo-azure-container", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-type", "azure"}, .flags = resettable, .help = "container"},
    {.name = "repo-azure-endpoint", .group = repo, .where = global, .fallback = "blob.core.windows.net", .commands = repo_commands, .needs = {"repo-type", "azure"}, .flags = secure | resettable, .help = "endpoint"},
    {.name = "repo-azure-key", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-azure-key-type", "shared | sas"}, .flags = secure | resettable, .help = "shared key or SAS"},
    {.name = "repo-azure-key-type", .group = repo, .type = choice, .where = global, .fallback = "shared", .allowed = "shared | sas | auto", .commands = repo_commands, .needs = {"repo-type", "azure"}, .flags = resettable, .help = "credential type"},
    {.name = "repo-azure-uri-style", .group = repo, .type = choice, .where = global, .fallback = "host", .allowed = "host | path", .commands = repo_commands, .needs = {"repo-type", "azure"}, .flags = resettable, .help = "account in host name or path"},
    // Repository: GCS
    {.name = "repo-gcs-bucket", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-gcs-key-type"}, .flags = resettable, .help = "bucket"},
    {.name = "repo-gcs-endpoint", .group = repo, .where = global, .fallback = "storage.googleapis.com", .commands = repo_commands, .needs = {"repo-gcs-key-type"}, .flags = resettable, .help = "endpoint"},
    {.name = "repo-gcs-key", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-gcs-key-type", "service | token | web-id"}, .flags = secure | resettable, .help = "key file or token"},
    {.name = "repo-gcs-key-type", .group = repo, .type = choice, .where = global, .fallback = "service", .allowed = "service | token | auto | web-id", .commands = repo_commands, .needs = {"repo-type", "gcs"}, .flags = resettable, .help = "credential type"},
    {.name = "repo-gcs-user-project", .group = repo, .where = global, .commands = repo_commands, .flags = resettable, .help = "billing project"},
    // Repository: SFTP
    {.name = "repo-sftp-host", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-type", "sftp"}, .flags = resettable, .help = "SFTP host"},
    {.name = "repo-sftp-host-fingerprint", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-sftp-host-key-check-type", "fingerprint | strict"}, .flags = resettable, .help = "hex fingerprint of the host key in the hash type"},
    {.name = "repo-sftp-host-key-check-type", .group = repo, .type = choice, .where = global, .fallback = "strict", .allowed = "accept-new | fingerprint | none | strict", .commands = repo_commands, .needs = {"repo-type", "sftp"}, .flags = resettable, .help = "known_hosts policy"},
    {.name = "repo-sftp-host-key-hash-type", .group = repo, .type = choice, .where = global, .allowed = "md5 | sha1 | sha256", .commands = repo_commands, .required = repo_commands, .needs = {"repo-type", "sftp"}, .flags = resettable, .help = "hash for fingerprint"},
    {.name = "repo-sftp-host-port", .group = repo, .type = integer, .where = global, .fallback = "22", .allowed = "1..65535", .commands = repo_commands, .needs = {"repo-type", "sftp"}, .flags = resettable, .help = "port"},
    {.name = "repo-sftp-host-user", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-type", "sftp"}, .flags = resettable, .help = "login user"},
    {.name = "repo-sftp-known-host", .group = repo, .type = list, .where = global, .commands = repo_commands, .needs = {"repo-sftp-host-key-check-type", "accept-new | strict"}, .flags = repeatable | resettable, .help = "known_hosts files (default user and system files)"},
    {.name = "repo-sftp-private-key-file", .group = repo, .where = global, .commands = repo_commands, .required = repo_commands, .needs = {"repo-type", "sftp"}, .flags = resettable, .help = "private key"},
    {.name = "repo-sftp-private-key-passphrase", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-type", "sftp"}, .flags = secure | resettable, .help = "its passphrase"},
    {.name = "repo-sftp-public-key-file", .group = repo, .where = global, .commands = repo_commands, .needs = {"repo-type", "sftp"}, .flags = resettable, .help = "public key (derived when absent)"},
    // Only in pgbraid
    {.name = "explain", .type = bool_like, .fallback = "n", .allowed = "json | n | y", .commands = backup | restore, .flags = own | asking, .help = "print the plan of the run and do nothing else"},
    {.name = "fuse", .type = boolean, .fallback = "y", .commands = backup | restore | verify, .flags = negatable | own | asking, .help = "run neighbouring steps of a file as one; --no-fuse gives every step an actor of its own"},
    {.name = "io-engine", .type = choice, .where = global, .fallback = "auto", .allowed = "auto | uring | threads", .commands = job_commands, .flags = resettable | own, .help = "how files are read and written; auto takes io_uring where the system allows it"},
    {.name = "restore-check", .type = choice, .where = global, .fallback = "toml: refuse; warn", .allowed = "refuse | warn", .commands = restore, .flags = resettable | own | asking, .help = "what is done when WAL that the backup needs is in no archive, or when files would be removed from a directory that PGDATA has no link to and that may be another cluster's: refuse (the default where a TOML file configures) or warn and go on"},
    {.name = "verify-damage", .type = choice, .where = global, .fallback = "toml: fail; report", .allowed = "fail | report", .commands = verify, .flags = resettable | own | asking, .help = "what verify does when something is damaged or missing: fail, with exit status 26 (the default where a TOML file configures), or only report it"},
    {.name = "recovery-stop", .type = boolean, .where = global, .fallback = "y", .commands = archive_get, .flags = negatable | resettable | own | asking, .help = "an error of archive-get stops a recovery that would promote, instead of ending it there"},
    {.name = "archive-require", .type = list, .where = global, .commands = archive_push | check, .flags = resettable | repeatable | own | asking, .help = "keys of the repositories that must have a WAL file before PostgreSQL may remove it, as in 1,3 (default: all); what others cannot take now is kept for them below spool-path"},
    {.name = "archive-journal-max", .type = size, .where = global, .fallback = "16GiB", .allowed = "1MiB..4PiB", .commands = archive_push, .flags = resettable | own | asking, .help = "so much WAL is kept at most for each repository that is not in archive-require; what comes then will be missing there, which is told"},
    {.name = "archive-server-path", .type = path, .where = global, .commands = archive_push | archive_server, .flags = resettable | own | asking, .help = "directory of the socket of the resident archiver (default: lock-path), which only its owner may change"},
    {.name = "archive-server-start", .type = boolean, .where = global, .fallback = "n", .commands = archive_push, .flags = negatable | resettable | own | asking, .help = "archive-push that finds no resident archiver starts one for the calls that follow"},
    {.name = "archive-journal-max-age", .type = time, .where = global, .allowed = "1s..520w", .commands = archive_push, .flags = resettable | own | asking, .help = "WAL that waits longer for a repository that is not in archive-require will be missing there, which is told (default: it waits as long as it takes)"},
    {.name = "repo-storage-upload-expire", .group = repo, .type = time, .where = global, .allowed = "1h..520w", .commands = backup | expire, .needs = {"repo-type", "azure | gcs | s3"}, .flags = resettable | own, .help = "expire removes parts of uploads that nobody ended and that began so long ago (default: the store's own rules remove them)"},
    {.name = "repo-storage-lock-mode", .group = repo, .type = choice, .where = global, .allowed = "compliance | governance", .commands = repo_commands, .needs = {"repo-type", "s3"}, .flags = resettable | own, .help = "lock new objects in a bucket with object lock, so that their versions cannot be removed (default: what the bucket says)"},
    {.name = "repo-storage-lock-time", .group = repo, .type = time, .where = global, .allowed = "1h..5200w", .commands = repo_commands, .needs = {"repo-type", "s3"}, .flags = resettable | own, .help = "how long new objects are locked"},
    {.name = "gz-engine", .type = choice, .where = global, .fallback = "auto", .allowed = "auto | zlib | isal", .commands = archive_push | backup, .flags = resettable | own | asking, .help = "library that writes gz; auto takes the fastest for the level"},
    // clang-format on
});

inline constexpr auto deprecated = std::to_array<deprecated_name>({
    // clang-format off
    // old name, option, with an index, without one
    {"archive-queue-max", "archive-push-queue-max", false, true},
    {"db-host", "pg-host", true, true},
    {"db-cmd", "pg-host-cmd", true, true},
    {"db-config", "pg-host-config", true, true},
    {"db-ssh-port", "pg-host-port", true, true},
    {"db-user", "pg-host-user", true, true},
    {"db-path", "pg-path", true, true},
    {"db-port", "pg-port", true, true},
    {"db-socket-path", "pg-socket-path", true, true},
    {"repo-cipher-pass", "repo-cipher-pass", false, true},
    {"repo-cipher-type", "repo-cipher-type", false, true},
    {"hardlink", "repo-hardlink", false, true},
    {"backup-host", "repo-host", false, true},
    {"backup-cmd", "repo-host-cmd", false, true},
    {"backup-config", "repo-host-config", false, true},
    {"backup-ssh-port", "repo-host-port", false, true},
    {"backup-user", "repo-host-user", false, true},
    {"repo-path", "repo-path", false, true},
    {"retention-archive", "repo-retention-archive", false, true},
    {"retention-archive-type", "repo-retention-archive-type", false, true},
    {"retention-diff", "repo-retention-diff", false, true},
    {"retention-full", "repo-retention-full", false, true},
    {"repo-s3-bucket", "repo-s3-bucket", false, true},
    {"repo-s3-endpoint", "repo-s3-endpoint", false, true},
    {"repo-s3-key", "repo-s3-key", false, true},
    {"repo-s3-key-secret", "repo-s3-key-secret", false, true},
    {"repo-s3-region", "repo-s3-region", false, true},
    {"repo-azure-ca-file", "repo-storage-ca-file", true, false},
    {"repo-s3-ca-file", "repo-storage-ca-file", true, true},
    {"repo-azure-ca-path", "repo-storage-ca-path", true, false},
    {"repo-s3-ca-path", "repo-storage-ca-path", true, true},
    {"repo-azure-host", "repo-storage-host", true, false},
    {"repo-s3-host", "repo-storage-host", true, true},
    {"repo-azure-port", "repo-storage-port", true, false},
    {"repo-s3-port", "repo-storage-port", true, false},
    {"repo-azure-verify-tls", "repo-storage-verify-tls", true, false},
    {"repo-s3-verify-ssl", "repo-storage-verify-tls", true, true},
    {"repo-s3-verify-tls", "repo-storage-verify-tls", true, false},
    {"repo-type", "repo-type", false, true},
    // clang-format on
});

} // namespace rows

inline constexpr const auto& options_table = rows::options;
inline constexpr const auto& deprecated_table = rows::deprecated;

/// The row of the option of exactly this name, or the size of the table.
constexpr size_t find_option(std::string_view name) {
  size_t row = 0;
  while (row < options_table.size() && options_table[row].name != name)
    ++row;
  return row;
}

/// The rows of a group come with a key in their names.
constexpr std::string_view group_name(option_group group) {
  return group == option_group::pg ? "pg" : "repo";
}

} // namespace pgbraid::config
