// What all sessions have in common.
// SPDX-License-Identifier: MIT
#include "engine/pg/pg_client.hpp"

namespace pgbraid::pg {

uint32_t pg_server_info::major_version() const {
  const uint32_t minor_digits = version_num >= 100000 ? 10000 : 100;
  return version_num / minor_digits * minor_digits;
}

result<pg_client> pg_client::connect(const pg_address& address, std::chrono::milliseconds timeout,
                                     std::string_view application_name) {
  auto opened = connect_libpq(address, timeout, application_name);
  if (!opened)
    return opened.failure();
  return pg_client(std::move(*opened));
}

result<void> pg_client::ping() {
  auto recovery = is_in_recovery();
  if (!recovery)
    return recovery.failure();
  if (*recovery == server().in_recovery)
    return success();
  return error{errc::db_mismatch,
               server().in_recovery ? "standby is no longer in recovery"
                                    : "primary has switched to recovery",
               server().in_recovery ? "Was the standby promoted during the backup?" : ""};
}

} // namespace pgbraid::pg
