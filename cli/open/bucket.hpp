// From options to a bucket.
// Source: storage/driver/object/README.md.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"
#include "storage/open/location.hpp"

namespace pgbraid::cli {

/// An endpoint as options name it: `s3.example.com`, `host:9000`, `http://host`, `[::1]:80`.
struct endpoint {
  bool tls = true;
  std::string host; ///< with the brackets of an address
  std::optional<uint16_t> port = {};
};
/// Fails with `option_invalid_value` (32) for a text with a path, another scheme, or no host.
result<endpoint> parse_endpoint(std::string_view option, std::string_view text);

/// What the options say about the bucket of a repository. Fails with `option_invalid_value` (32).
result<s3::settings> bucket_of(const config::options& opts, size_t position);

} // namespace pgbraid::cli
