// What each command of the program does: one function per command.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

namespace pgbraid::cli {

/// Every function gets options that are resolved and checked, with the log open and the begin line
/// written, and returns the exit status of a run that went well: 0, or 1 where that is an answer
/// (archive-get: not found). An error becomes its log line and its code as exit status.
result<int> run_archive_get(const config::options& opts);
result<int> run_archive_push(const config::options& opts);
/// `archive-get:async` and `archive-push:async`, which those start.
result<int> run_archive_get_async(const config::options& opts);
result<int> run_archive_push_async(const config::options& opts);
result<int> run_archive_server(const config::options& opts);
result<int> run_backup(const config::options& opts);
result<int> run_check(const config::options& opts);
result<int> run_expire(const config::options& opts);
/// The one that follows a backup: it never takes away the newest backup without page errors.
result<int> run_expire_after_backup(const config::options& opts);
result<int> run_info(const config::options& opts);
result<int> run_repo_get(const config::options& opts);
result<int> run_repo_ls(const config::options& opts);
result<int> run_restore(const config::options& opts);
result<int> run_server(const config::options& opts);
result<int> run_server_ping(const config::options& opts);
result<int> run_stanza_create(const config::options& opts);
result<int> run_verify(const config::options& opts);

} // namespace pgbraid::cli
