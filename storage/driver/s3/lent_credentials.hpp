// Keys that somebody else gives, for a while.
// Source: "Process credential provider", "IMDSv2", "AssumeRoleWithWebIdentity" and "Container
// credential provider" in Amazon's documentation.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "storage/driver/rest/lent_keys.hpp"
#include "storage/driver/s3/s3_settings.hpp"

namespace pgbraid::s3 {

using lent_credentials = rest::lent<credentials>;
using credential_source = rest::lent_keys<credentials>;

/// Asks the lender. Fails with `protocol` (39) when it refuses or is not understood, `execute`
/// (102) for a command that fails, `host_connect` and others as `http::tried_request` does; nothing
/// of what a lender answers is shown, since it may be a secret, but what a command says of its
/// failure.
result<lent_credentials> borrow(const lender& from);

} // namespace pgbraid::s3
