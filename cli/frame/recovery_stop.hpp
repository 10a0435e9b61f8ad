// Keeps an error of archive-get from being taken for the end of the archive.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"
#include "engine/config/options.hpp"
#include "engine/plan/archive_trouble.hpp"

#include <span>
#include <string>

namespace pgbraid::cli {

/// PostgreSQL takes every status of restore_command from 1 to 125 for the end of the archive and
/// opens the cluster there. A higher one makes it stop. (Those from 128 on that are 128 and a
/// signal would be taken for the signal.)
inline constexpr int recovery_stop_status = 200;

/// How PostgreSQL recovers the cluster that archive-get is for: the default one of the options, or
/// that of the working directory, which is where PostgreSQL runs restore_command.
plan::recovery_mode recovery_mode_at(const config::options& opts);

/// From here on errors of this process, and signals, end with `recovery_stop_status`, if it is an
/// archive-get for a recovery that promotes. Called with the words of the command line while there
/// are no options, so that errors in them count too, and then with the options.
void arm_recovery_stop(std::span<const std::string> args);
void arm_recovery_stop(const config::options& opts);
/// The plain status after all.
void disarm_recovery_stop();
/// What PostgreSQL is told instead of `status`.
int recovery_status(int status);
/// The error with hints about what happens now and how to go on.
error with_recovery_hint(error what);

} // namespace pgbraid::cli
