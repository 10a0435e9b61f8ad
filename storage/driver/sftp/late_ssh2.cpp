// The functions of libssh2 that we call, each passed on to the library.
// SPDX-License-Identifier: MIT
#include "engine/base/late_function.hpp"

#include <libssh2.h>

namespace {

/// The interface has had this number since libssh2 0.12.
pgbraid::late_library& libssh2() {
  static pgbraid::late_library one("libssh2.so.1");
  return one;
}

} // namespace

extern "C" {

// clang-format off
PGBRAID_LATE_1(libssh2(), libssh2_agent_connect)
PGBRAID_LATE_1(libssh2(), libssh2_agent_disconnect)
PGBRAID_LATE_1(libssh2(), libssh2_agent_free)
PGBRAID_LATE_3(libssh2(), libssh2_agent_get_identity)
PGBRAID_LATE_1(libssh2(), libssh2_agent_init)
PGBRAID_LATE_1(libssh2(), libssh2_agent_list_identities)
PGBRAID_LATE_3(libssh2(), libssh2_agent_userauth)
PGBRAID_LATE_1(libssh2(), libssh2_channel_eof)
PGBRAID_LATE_1(libssh2(), libssh2_channel_free)
PGBRAID_LATE_7(libssh2(), libssh2_channel_open_ex)
PGBRAID_LATE_5(libssh2(), libssh2_channel_process_startup)
PGBRAID_LATE_4(libssh2(), libssh2_channel_read_ex)
PGBRAID_LATE_4(libssh2(), libssh2_channel_write_ex)
PGBRAID_LATE_2(libssh2(), libssh2_hostkey_hash)
PGBRAID_LATE_1(libssh2(), libssh2_init)
PGBRAID_LATE_7(libssh2(), libssh2_knownhost_checkp)
PGBRAID_LATE_1(libssh2(), libssh2_knownhost_free)
PGBRAID_LATE_1(libssh2(), libssh2_knownhost_init)
PGBRAID_LATE_3(libssh2(), libssh2_knownhost_readfile)
PGBRAID_LATE_1(libssh2(), libssh2_session_block_directions)
PGBRAID_LATE_4(libssh2(), libssh2_session_disconnect_ex)
PGBRAID_LATE_1(libssh2(), libssh2_session_free)
PGBRAID_LATE_2(libssh2(), libssh2_session_handshake)
PGBRAID_LATE_3(libssh2(), libssh2_session_hostkey)
PGBRAID_LATE_4(libssh2(), libssh2_session_init_ex)
PGBRAID_LATE_1(libssh2(), libssh2_session_last_errno)
PGBRAID_LATE_4(libssh2(), libssh2_session_last_error)
PGBRAID_LATE_3(libssh2(), libssh2_session_method_pref)
PGBRAID_LATE_2(libssh2(), libssh2_session_set_blocking)
PGBRAID_LATE_6(libssh2(), libssh2_userauth_publickey_fromfile_ex)
// clang-format on

} // extern "C"
