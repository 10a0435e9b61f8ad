// Signing requests with the key of an account: Shared Key.
// Source: "Authorize with Shared Key", Azure Storage REST API reference.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "engine/http/message.hpp"
#include "storage/driver/rest/web_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::azure {

struct to_sign {
  std::string_view method;
  std::string_view path;                    ///< encoded, with its first slash
  const rest::query_fields& query;          ///< names in lower case, each once
  const std::vector<http::header>& headers; ///< those that are sent, names in lower case
  uint64_t body_bytes = 0;
};

/// What a signature is made of. Of the headers only those have a part in it that the service names,
/// and all that begin with `x-ms-`.
std::string text_to_sign(const to_sign& what, std::string_view account);
/// The value of the header `authorization`.
/// @param key  base64
std::string shared_key_authorization(const to_sign& what, std::string_view account,
                                     const secret& key);

} // namespace pgbraid::azure
