// Connects to a TLS server, patiently.
// Source of the message: cli/command/README.md, section 1.7.
// SPDX-License-Identifier: MIT
#include "engine/net/tls_client.hpp"

#include "engine/base/log.hpp"
#include "engine/base/retry.hpp"
#include "engine/base/stop_signal.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace pgbraid::net {

namespace {

using std::chrono::milliseconds;

result<std::unique_ptr<transport>> try_once(const tls_context& with, const tls_target& to,
                                            monotonic::time_point until) {
  auto socket = connect_tcp(to.host, to.port, to.how, until);
  if (!socket)
    return socket.failure();
  auto made = shake_hands(with, std::move(*socket), to.host, until);
  if (!made)
    return made.failure();
  return std::move(made->over);
}

bool heals(const error& what) {
  return what.code == errc::host_connect;
}

/// For users, a host that does not exist is one that cannot be reached.
error final(error what) {
  if (what.code == errc::host_invalid)
    what.code = errc::host_connect;
  return what;
}

/// Nobody should have to guess why nothing happens.
void tell_first(const error& what, milliseconds limit) {
  const time_t end = (wall_ms() + limit.count()) / 1000;
  tm local = {};
  ::localtime_r(&end, &local);
  log::warn("{}; trying again until {:%H:%M:%S}", what.message, local);
}

/// The first error, and how often it came again.
struct failed_tries {
  std::optional<error> first = {};
  unsigned retries = 0;
  milliseconds first_retry = {};
  milliseconds last_retry = {};

  void add(const error& what, milliseconds since) {
    if (!first) {
      first = what;
      return;
    }
    if (++retries == 1)
      first_retry = since;
    last_retry = since;
  }

  error outcome() const {
    auto out = *first;
    if (retries > 0)
      out.message +=
          fmt::format("\n[{}] on {} {} from {}-{}ms", error_name(out.code), retries,
                      retries == 1 ? "retry" : "retries", first_retry.count(), last_retry.count());
    return out;
  }
};

} // namespace

result<std::unique_ptr<transport>> connect_tls(const tls_context& with, const tls_target& to) {
  constexpr auto too_short = milliseconds(20); // for another try
  const auto begin = monotonic::now();
  const auto until = begin + to.limit;
  failed_tries tried;
  retry tries({.limit = to.limit - too_short,
               .pauses = {milliseconds(100), back_off::growth::doubling, milliseconds(2000)}});
  while (true) {
    auto made = try_once(with, to, until);
    if (made)
      return made;
    if (!heals(made.failure()))
      return final(made.failure());
    if (!tried.first)
      tell_first(made.failure(), to.limit);
    tried.add(made.failure(), std::chrono::duration_cast<milliseconds>(monotonic::now() - begin));
    if (stop_signal != 0)
      return error{errc::term, fmt::format("terminated while connecting to '{}'", to.host)};
    if (!tries.again())
      return tried.outcome();
  }
}

} // namespace pgbraid::net
