// Trying reads again.
// SPDX-License-Identifier: MIT
#include "storage/driver/remote/second_try.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"

#include <chrono>

namespace pgbraid::remote {

bool second_try::worth(const link::client_link* over, const error& why, const std::string& host) {
  if ((over != nullptr && !over->failure()) || tries_ == tries_max)
    return false;
  ++tries_;
  if (over != nullptr)
    log::warn("connection to '{}' broke during a read, which goes on over a new one: {}", host,
              why.message);
  else
    log::warn("no new connection to '{}' for an interrupted read: {}", host, why.message);
  sleep_through(std::chrono::milliseconds(100) * (tries_ * tries_));
  return true;
}

} // namespace pgbraid::remote
