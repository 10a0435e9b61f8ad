// When a read that a broken connection interrupted may be tried again.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/retry.hpp"
#include "engine/link/remote_host.hpp"

namespace pgbraid::remote {

/// Three further tries without progress, after 0.1, 0.4 and 0.9 seconds.
inline constexpr retry_policy read_retry{
    .tries = 3,
    .pauses = {.first = std::chrono::milliseconds(100), .grows = back_off::growth::square},
    .hears_stop = false};

/// Whether to try once more, after a pause. Only breaks of the connection are worth it.
/// @param over  what it was tried over; null when there was no connection to be had
bool try_again(retry& tries, const link::client_link* over, const error& why,
               const std::string& host);

} // namespace pgbraid::remote
