// Tokens as token services and the metadata of virtual machines give them.
// Source: RFC 6749, section 5.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "storage/driver/rest/lent_keys.hpp"

#include <string>
#include <string_view>

namespace pgbraid::rest {

/// `{"access_token": ..., "expires_in": ...}`. Fails with `protocol` (39), and does not show it.
/// @param shown  who answered
result<lent<secret>> token_answer(std::string_view text, std::string_view shown);

} // namespace pgbraid::rest
