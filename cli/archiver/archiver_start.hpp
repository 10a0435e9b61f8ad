// When a resident archiver is started for the calls that follow.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/archiver/archiver_socket.hpp"
#include "engine/base/result.hpp"

#include <chrono>
#include <string>

namespace pgbraid::cli {

/// A server that was started and does not listen by then has failed, or was ended: another one may
/// be tried. PostgreSQL asks for one segment after the other, and each would start one.
constexpr std::chrono::seconds archiver_start_pause(60);

/// A file beside the socket that is there from the start of a server until it listens.
std::string archiver_start_path(const archiver_place& place);

/// Whether a server may be started now; if so, the file is as old as this call, and the directory
/// is there. Of several callers at the same time one is told so. Fails where the file cannot be
/// made, or others may change the directory (`file_owner`, `file_mode`, `file_open`,
/// `path_create`).
result<bool> may_start_archiver(const archiver_place& place);

/// What the server does once it listens.
void archiver_has_started(const archiver_place& place);

} // namespace pgbraid::cli
