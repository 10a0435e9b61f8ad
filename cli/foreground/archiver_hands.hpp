// What the options say of the resident archiver.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/archiver/archiver_socket.hpp"
#include "engine/base/result.hpp"
#include "engine/base/wal_location.hpp"
#include "engine/config/options.hpp"

#include <optional>

namespace pgbraid::cli {

/// Where the resident archiver of the stanza listens.
archiver_place archiver_place_of(const config::options& opts);

/// Whether this process asks it: not where the front of the program asked it before, nor where
/// words or variables say something that it cannot know, since it goes by the files alone.
bool asks_archiver(const config::options& opts);

/// The exit status when the resident archiver has archived the file; empty when that is to be done
/// here. One that is not there is started for those who come next, if the options say so. Fails
/// with what it could not do, and with `archive_timeout` (82).
result<std::optional<int>> push_by_archiver(const config::options& opts, const wal_location& wal);

} // namespace pgbraid::cli
