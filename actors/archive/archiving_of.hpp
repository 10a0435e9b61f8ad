// How a server archives, for those who decide whether that is enough.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/pg/pg_session.hpp"
#include "engine/plan/archive_settings.hpp"

namespace pgbraid {

inline plan::archive_settings archiving_of(const pg::pg_server_info& server) {
  return {.version_num = server.version_num,
          .mode = server.archive_mode,
          .command = server.archive_command,
          .library = server.archive_library,
          .module_stanza = server.archive_module_stanza,
          .module_config = server.archive_module_config};
}

} // namespace pgbraid
