// Connecting through libpq, with a limit.
// SPDX-License-Identifier: MIT
#include "engine/pg/libpq_connection.hpp"

#include "engine/base/stop_signal.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pgbraid::pg {

std::string trimmed(const char* text) {
  std::string_view view = text == nullptr ? "" : text;
  while (!view.empty() && (view.back() == '\n' || view.back() == ' '))
    view.remove_suffix(1);
  return std::string(view);
}

bool patience::wait(int fd, short events) const {
  constexpr int64_t longest = 250; // a signal may have come to another thread
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - monotonic::now()).count();
    if (left <= 0 || should_stop() || (give_up_ != nullptr && *give_up_))
      return false;
    pollfd waited{fd, events, 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(std::min(left, longest)));
    if (ready > 0)
      return true;
    if (ready < 0 && errno != EINTR)
      return true; // libpq finds out what is wrong
  }
}

namespace {

/// The connection string as messages show it; there are no secrets in an address.
std::string describe(const pg_address& address) {
  auto text = fmt::format("dbname='{}' port={}", address.database, address.port);
  if (address.user)
    text += fmt::format(" user='{}'", *address.user);
  if (address.host)
    text += fmt::format(" host='{}'", *address.host);
  return text;
}

connection_ptr start_connecting(const pg_address& address) {
  const auto port = std::to_string(address.port);
  std::vector<const char*> names{"dbname", "port"};
  std::vector<const char*> values{address.database.c_str(), port.c_str()};
  if (address.user) {
    names.push_back("user");
    values.push_back(address.user->c_str());
  }
  if (address.host) {
    names.push_back("host");
    values.push_back(address.host->c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return connection_ptr(PQconnectStartParams(names.data(), values.data(), 0));
}

} // namespace

result<connection_ptr> open_connection(const pg_address& address, std::chrono::milliseconds timeout,
                                       const std::atomic<bool>* give_up) {
  const auto failed = [&](const std::string& why) {
    return error{errc::db_connect,
                 fmt::format("unable to connect to '{}': {}", describe(address), why)};
  };
  if (auto loaded = load_libpq(); !loaded)
    return failed(loaded.failure().message);
  const patience waiting(timeout, give_up);
  auto connection = start_connecting(address);
  if (!connection)
    return error{errc::memory, "no memory for a connection"};
  auto state = PGRES_POLLING_WRITING;
  while (PQstatus(connection.get()) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!waiting.wait(PQsocket(connection.get()), events))
      return failed(fmt::format("timed out after {}ms", timeout.count()));
    state = PQconnectPoll(connection.get());
    if (state == PGRES_POLLING_FAILED)
      break;
  }
  if (PQstatus(connection.get()) != CONNECTION_OK)
    return failed(trimmed(PQerrorMessage(connection.get())));
  return connection;
}

} // namespace pgbraid::pg
