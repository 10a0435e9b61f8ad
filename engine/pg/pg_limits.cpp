// Settings of a server or a role that would end our sessions and statements.
// SPDX-License-Identifier: MIT
#include "engine/pg/pg_limits.hpp"

#include <array>
#include <utility>

namespace pgbraid::pg {

std::vector<std::string_view> first_limits_off() {
  return {"set statement_timeout = 0", "set lock_timeout = 0",
          "set idle_in_transaction_session_timeout = 0"};
}

std::vector<std::string_view> later_limits_off(uint32_t server_version_num) {
  std::vector<std::string_view> out;
  if (server_version_num >= 140000)
    out.emplace_back("set idle_session_timeout = 0");
  if (server_version_num >= 170000)
    out.emplace_back("set transaction_timeout = 0");
  return out;
}

std::string_view limit_hint(std::string_view sqlstate) {
  constexpr auto hints = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"57014", "Is statement_timeout set for this user, database or server, or did somebody "
                "cancel the query (pg_cancel_backend)?"},
      {"55P03", "Is lock_timeout set for this user, database or server?"},
      {"25P03", "Is idle_in_transaction_session_timeout set for this user, database or server?"},
      {"25P04", "Is transaction_timeout set for this user, database or server?"},
      {"57P05", "Is idle_session_timeout set for this user, database or server?"},
      {"57P01", "Was PostgreSQL stopped or restarted, or did somebody end the session "
                "(pg_terminate_backend)?"},
      {"57P02", "PostgreSQL ended all sessions because one of its processes crashed: its log "
                "tells which."},
      {"57P03", "PostgreSQL is starting up or shutting down."},
  });
  for (const auto& [state, hint] : hints)
    if (state == sqlstate)
      return hint;
  return {};
}

} // namespace pgbraid::pg
