// A bucket of Google Cloud Storage, in its JSON interface.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/gcs/gcs_settings.hpp"
#include "storage/driver/object/object_store.hpp"

#include <memory>

namespace pgbraid::gcs {

/// Nothing is asked until it is needed. Failures: those of `http::client`; what the store refuses
/// is `protocol` (39), what it was too busy for until the end `service` (101).
std::shared_ptr<object::object_store> make_gcs_store(const settings& how);

} // namespace pgbraid::gcs
