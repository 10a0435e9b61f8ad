// Storage driver for a root on another host.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/remote_host.hpp"
#include "storage/storage.hpp"
#include "storage/wire/wire.hpp"

namespace pgbraid::remote {

/// The whole contract over a link. Metadata goes over the main connection, content over data
/// connections. Reads that a broken connection interrupted go on at their offset on a new one;
/// writes do not, they fail. May be shared by threads. Credit is granted as content is taken, so an
/// open file costs at most one stream window here.
/// @param infos  `info_text`: the other host opens and seals info files with its passphrase, so
/// that
///               here they are read and written as their text
/// @param root  `repo`, `pg`, or an absolute path that `pg` leads to; see protocol.hpp
/// @param shown  the root for messages: `host:/path`
std::unique_ptr<storage> make_remote_storage(std::shared_ptr<link::remote_host> on,
                                             std::string root, std::string shown,
                                             wire::content infos = wire::content::as_stored);

/// What another host says about its storage becomes memory of this one: no more than with the
/// largest of our own drivers.
storage_features within_reason(storage_features told);

} // namespace pgbraid::remote
