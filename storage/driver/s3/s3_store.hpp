// A bucket of S3, or of something that speaks like it.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_store.hpp"
#include "storage/driver/s3/s3_settings.hpp"

#include <memory>
#include <string>

namespace pgbraid::s3 {

/// Nothing is asked until it is needed. Failures: those of `http::client`; what the store refuses
/// is `protocol` (39), what it was too busy for until the end `service` (101).
std::shared_ptr<object::object_store> make_s3_store(const settings& how);
/// The same for all that may share one store.
std::string store_name(const settings& of);

} // namespace pgbraid::s3
