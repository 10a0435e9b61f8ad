// A container of Azure's blob service.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/azure/azure_settings.hpp"
#include "storage/driver/object/object_store.hpp"

#include <memory>

namespace pgbraid::azure {

/// Nothing is asked until it is needed. Failures: those of `http::client`; what the store refuses
/// is `protocol` (39), what it was too busy for until the end `service` (101).
std::shared_ptr<object::object_store> make_azure_store(const settings& how);

} // namespace pgbraid::azure
