// When a read that a broken connection interrupted may be tried again.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/remote_host.hpp"

namespace pgbraid::remote {

/// Counts attempts without progress, and waits a little longer before each.
class second_try {
public:
  static constexpr unsigned tries_max = 3;

  /// Whether to try once more, after a pause. Only breaks of the connection are worth it.
  /// @param over  what it was tried over; null when there was no connection to be had
  bool worth(const link::client_link* over, const error& why, const std::string& host);
  void progressed() { tries_ = 0; }

private:
  unsigned tries_ = 0;
};

} // namespace pgbraid::remote
