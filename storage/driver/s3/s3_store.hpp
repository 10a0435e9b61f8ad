// A bucket of S3, or of something that speaks like it.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_store.hpp"
#include "storage/driver/s3/s3_settings.hpp"

#include <memory>

namespace pgbraid::s3 {

/// Nothing is asked until it is needed. Failures: those of `http::client`; what the store refuses
/// is `protocol` (39), what it was too busy for until the end `service` (101).
std::shared_ptr<object::object_store> make_s3_store(const settings& how);

} // namespace pgbraid::s3
