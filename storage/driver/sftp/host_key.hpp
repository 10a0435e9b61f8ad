// Making sure that an SSH server is the one that was meant.
// Source: storage/driver/sftp/README.md, "Keys".
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/ssh_session.hpp"

struct _LIBSSH2_SESSION;

namespace pgbraid::sftp {

/// Asks the server for a key of a type that is known of it, where it has several; before the
/// handshake.
void prefer_known_key_types(_LIBSSH2_SESSION* session, const login& to);

/// Fails with `service` (101) for a key that is not the known one, or not known where that counts.
/// @param session  after its handshake
result<void> check_host_key(_LIBSSH2_SESSION* session, const login& to);

/// Whether this text is the fingerprint: hexadecimal, in any case, with or without colons.
bool is_fingerprint(std::string_view text, byte_view digest);

} // namespace pgbraid::sftp
