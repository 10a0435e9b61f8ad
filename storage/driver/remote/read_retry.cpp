// Trying reads again.
// SPDX-License-Identifier: MIT
#include "storage/driver/remote/read_retry.hpp"

#include "engine/base/log.hpp"

namespace pgbraid::remote {

bool try_again(retry& tries, const link::client_link* over, const error& why,
               const std::string& host) {
  if ((over != nullptr && !over->failure()) || !tries.may_go_on())
    return false;
  if (over != nullptr)
    log::warn("connection to '{}' broke during a read, which goes on over a new one: {}", host,
              why.message);
  else
    log::warn("no new connection to '{}' for an interrupted read: {}", host, why.message);
  return tries.pause();
}

} // namespace pgbraid::remote
