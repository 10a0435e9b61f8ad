// What the options of all stores have in common.
// Source: storage/driver/object/README.md.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"
#include "storage/open/location.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::cli {

/// An endpoint as options name it: `s3.example.com`, `host:9000`, `http://host`, `[::1]:80`.
struct endpoint {
  bool tls = true;
  std::string host; ///< with the brackets of an address
  std::optional<uint16_t> port = {};
};
/// Fails with `option_invalid_value` (32) for a text with a path, another scheme, or no host.
result<endpoint> parse_endpoint(std::string_view option, std::string_view text);

/// `option_invalid_value` (32).
error refused_value(std::string_view option, std::string_view text, std::string_view why);
/// `repo2-s3-key`: as users write it.
std::string repo_option(const config::options& opts, size_t position, std::string_view rest);

/// Options of one repository; empty where there is no value.
struct repo_texts {
  const config::options& opts;
  const size_t position;
  std::string operator()(config::text_key name) const {
    return opts.has_value(name, position) ? opts.text(name, position) : std::string();
  }
};

/// Options repo-storage-*, and where to connect. Fails with `option_invalid_value` (32).
/// @param endpoint_option  its name behind `repoN-`
result<rest::place> place_of(const config::options& opts, size_t position,
                             std::string_view endpoint_option, const std::string& endpoint_text);

} // namespace pgbraid::cli
