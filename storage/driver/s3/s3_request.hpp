// Requests to a bucket, ready to be sent.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/s3/signature.hpp"

#include <cstdint>
#include <string>

namespace pgbraid::s3 {

/// What a request does with the content of an object: which of the headers about encryption and
/// tags it needs.
enum class touches : uint8_t {
  nothing, ///< lists, removing
  content, ///< reads it, or is a part of it
  object,  ///< makes it: with tags, and how it is to be encrypted
};

struct call {
  std::string method;
  std::string key = {}; ///< empty: the bucket
  query_fields query = {};
  std::vector<http::header> headers = {};
  http::shared_body body = {};
  touches what = touches::nothing;
  uint64_t answer_limit_bytes = uint64_t{1} << 20;
};

/// The headers about a key of the user's own, if there is one; their names begin with this.
std::vector<http::header> customer_key_headers(const settings& of, const std::string& prefix);
/// Where a call goes.
std::string url_of(const call& what, const settings& of);
/// Signs a call for that moment.
/// @param now_s  of the store's clock
http::request request_for(const call& what, const settings& of, const credentials& with,
                          int64_t now_s);

} // namespace pgbraid::s3
