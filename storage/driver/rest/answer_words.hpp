// What is made of answers in the same words by all stores.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/http/message.hpp"
#include "storage/driver/object/object_store.hpp"

#include <string>
#include <string_view>

namespace pgbraid::rest {

/// `format` (29).
error not_understood(std::string_view what);
/// Fails with `protocol` (39) for a key that nobody asked for.
result<void> check_listed_key(std::string_view key, std::string_view prefix);
/// Size and time of the headers. Fails with `protocol` where they are missing.
result<object::object_about> about_of(const http::response& answer);
/// The failure of a request to remove or change an object that the store keeps from everybody: one
/// line, `held`. @param told  by the store
error held_failure(std::string_view key, std::string_view told);
/// Until when, as a look at the object tells (S3, Azure); begins with a space, empty: it does not.
std::string hold_of(const http::response& look);

} // namespace pgbraid::rest
