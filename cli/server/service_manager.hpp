// What a service manager (systemd) wants to know of a server.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace pgbraid::cli {

/// Sends `READY=1` or `STOPPING=1` to the socket in $NOTIFY_SOCKET, if there is one.
/// Protocol: sd_notify(3).
void tell_service_manager(std::string_view state);

/// Sends `RELOADING=1` with the time, which belongs to it; `READY=1` ends that.
void tell_reloading();

} // namespace pgbraid::cli
