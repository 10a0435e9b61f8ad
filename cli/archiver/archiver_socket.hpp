// The socket of the resident archiver: where it is, and whom to believe there.
// Source: cli/command/README.md, section 4.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/io/unique_fd.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace pgbraid::cli {

/// Where the resident archiver of a stanza listens.
struct archiver_place {
  std::string directory; ///< which only its owner may change
  std::string path;
  std::vector<uid_t> also_trusted = {}; ///< owners of the directory besides this user and root
};

/// Whether there is anything at that path; nothing else is looked at.
bool is_archiver_there(const archiver_place& place);

/// Connects to it; no descriptor where nobody listens. Fails with `file_owner` (88), `file_mode`
/// (83) or `file_invalid` (28) where what is there cannot be the archiver of this user, or others
/// could have put it there.
result<io::unique_fd> connect_to_archiver(const archiver_place& place);

/// Makes the directory where it is missing. Fails with `path_create`, and with `file_owner` or
/// `file_mode` where others could put something there.
result<void> have_archiver_directory(const archiver_place& place);

/// Takes the path, for this user alone. A socket that is there is replaced: whoever calls this
/// holds the lock of the server. Fails with `file_exists` (93) where something else has the path,
/// and with `path_create`, `file_open`, `file_owner` or `file_mode`.
result<io::unique_fd> listen_for_callers(const archiver_place& place);

/// Whether a descriptor that somebody else opened is a socket that listens at that path.
/// Fails with `service` (101).
result<void> check_given_socket(int descriptor, const archiver_place& place);

/// Whether the other end is a process of this user or of root.
bool is_trusted_peer(int socket);

} // namespace pgbraid::cli
