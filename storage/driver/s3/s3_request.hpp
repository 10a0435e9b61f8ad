// Requests to a bucket, ready to be sent.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/rest/protocol.hpp"
#include "storage/driver/s3/signature.hpp"

#include <cstdint>
#include <string>

namespace pgbraid::s3 {

/// The headers about a key of the user's own, if there is one; their names begin with this.
std::vector<http::header> customer_key_headers(const settings& of, const std::string& prefix);
/// Where a call goes.
std::string url_of(const rest::call& what, const settings& of);
/// Signs a call for that moment.
/// @param now_s  of the store's clock
http::request request_for(const rest::call& what, const settings& of, const credentials& with,
                          int64_t now_s);

} // namespace pgbraid::s3
