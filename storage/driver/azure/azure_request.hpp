// Requests to a container, ready to be sent.
// Source: "Blob service REST API", "Blob Batch", Azure Storage REST API reference.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/azure/azure_settings.hpp"
#include "storage/driver/rest/protocol.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace pgbraid::azure {

/// So many requests a batch may have.
inline constexpr size_t batch_most = 256;

/// Where a call goes, without what authorizes it there.
std::string url_of(const rest::call& what, const settings& of);
/// Authorizes a call for that moment.
/// @param token  of the instance, where the settings want one
http::request request_for(const rest::call& what, const settings& of, const secret& token,
                          int64_t now_s);
/// Removes these keys with one request. Each of the requests in it is authorized by itself, and has
/// the place of its key as its number.
/// @param keys  at most `batch_most`
rest::call removal_of(std::span<const std::string> keys, const settings& of, const secret& token,
                      int64_t now_s);

} // namespace pgbraid::azure
