// Tokens for a bucket.
// Source: "Using OAuth 2.0 for Server to Server Applications", "Workload Identity Federation" and
// "View and query VM metadata" in Google's documentation; RFC 7523, RFC 8693.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "storage/driver/gcs/gcs_settings.hpp"
#include "storage/driver/rest/lent_keys.hpp"

#include <cstdint>
#include <string>

namespace pgbraid::gcs {

/// What a key file says. Empty where it says nothing.
struct key_file {
  std::string client_email = {};
  secret private_key = {};
  std::string token_url = {};
  std::string audience = {};
  std::string subject_token_type = {};
  std::string token_file = {};
};

/// A file of a service account. Fails with `format` (29) for another one.
result<key_file> service_account(std::string_view json);
/// A file of an external account, whose token is in a file as text. Fails with `format` (29) for
/// another one, and with `feature_not_supported` (not built) for those that want more than that.
result<key_file> external_account(std::string_view json);

/// What a service account signs to get a token: a JSON Web Token.
/// @param now_s  since 1970
result<std::string> signed_claim(const key_file& of, int64_t now_s);

/// Asks the lender. Fails with `protocol` (39) when it refuses or is not understood; nothing of
/// what it answers is shown.
result<rest::lent<secret>> borrow(const lender& from);

} // namespace pgbraid::gcs
