// What the end of the main connection means.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/remote_host.hpp"

namespace pgbraid::remote {

/// The failure as the contract tells it. The main connection holds the locks: once it is gone, none
/// takes its place, and what needs it is not worth another try.
inline error without_hope_if_lost(const link::remote_host& on, error why) {
  if (on.main()->failure())
    why.transient = false;
  return why;
}

} // namespace pgbraid::remote
