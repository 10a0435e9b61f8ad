// What a service manager wants to know of a server.
// SPDX-License-Identifier: MIT
#include "cli/server/service_manager.hpp"

#include "engine/base/clock.hpp"
#include "engine/io/unique_fd.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace pgbraid::cli {

void tell_service_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address = {};
  if (!path || (path[0] != '/' && path[0] != '@') || std::strlen(path) >= sizeof(address.sun_path))
    return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, std::strlen(path));
  if (path[0] == '@') // a name without a file begins with NUL
    address.sun_path[0] = '\0';
  const io::unique_fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  // A manager that does not listen is no reason to stop.
  if (socket)
    ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address), size);
}

void tell_reloading() {
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(monotonic::now().time_since_epoch());
  tell_service_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

} // namespace pgbraid::cli
