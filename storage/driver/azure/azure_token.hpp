// A token of the virtual machine that we run on.
// Source: "How to use managed identities for Azure resources on a VM to acquire an access token".
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/azure/azure_settings.hpp"
#include "storage/driver/rest/lent_keys.hpp"

namespace pgbraid::azure {

using lent_token = rest::lent<secret>;
using token_source = rest::lent_keys<secret>;

/// Asks the metadata of the virtual machine for one that is good for the account. Fails as
/// `rest::lender_answer` and `rest::token_answer` do.
result<lent_token> borrow_token(const settings& of);

} // namespace pgbraid::azure
