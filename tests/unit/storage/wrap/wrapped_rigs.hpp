// Each wrapper before the memory driver, for the contract suite: what it does must not show.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/memory/memory_storage.hpp"
#include "storage/wrap/faulty_storage.hpp"
#include "storage/wrap/metered_storage.hpp"
#include "storage/wrap/retrying_storage.hpp"
#include "storage/wrap/throttled_storage.hpp"

namespace pgbraid::test {

/// The root of none of them exists at first.
template <class Wrapper> struct wrapped_rig {
  template <class... More>
  explicit wrapped_rig(More... more) : driver(std::make_unique<memory_storage>(), more...) {}
  Wrapper driver;
  storage& repo = driver;
  io::io_engine* engine = nullptr;
};

struct faulty_rig : wrapped_rig<faulty_storage> {
  faulty_rig() : wrapped_rig(std::make_shared<fault_plan>()) {}
};

struct metered_rig : wrapped_rig<metered_storage> {
  metered_rig() : wrapped_rig(std::make_shared<storage_meter>()) {}
};
struct retrying_rig : wrapped_rig<retrying_storage> {
  retrying_rig() : wrapped_rig(retry_policy{.tries = 2}) {}
};
/// So fast that nobody waits.
struct throttled_rig : wrapped_rig<throttled_storage> {
  throttled_rig() : wrapped_rig(std::make_shared<throttle>(uint64_t{1} << 40, uint64_t{1} << 40)) {}
};

} // namespace pgbraid::test
