// Signing requests: AWS Signature Version 4.
// Source: "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API reference.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/http/message.hpp"
#include "storage/driver/s3/s3_settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::s3 {

struct to_sign {
  std::string_view method;
  std::string_view path;                    ///< encoded, with its first slash
  std::string_view query;                   ///< of `rest::query_text`
  const std::vector<http::header>& headers; ///< all that are sent, names in lower case
  std::string_view payload_sha256;          ///< hexadecimal
};
/// Where and when a signature counts.
struct scope {
  std::string_view time; ///< 20260102T030405Z, as in the header x-amz-date
  std::string_view region;
  std::string_view service;
};
/// The value of the header `authorization`.
std::string authorization(const to_sign& what, const scope& where, const credentials& with);

} // namespace pgbraid::s3
