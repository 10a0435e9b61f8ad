// Where a bucket of Google Cloud Storage is, and who gives tokens for it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "storage/driver/rest/place.hpp"

#include <chrono>
#include <string>

namespace pgbraid::gcs {

/// All parts of an object but the last are multiples of this.
inline constexpr uint64_t part_grain_bytes = uint64_t{256} << 10;

/// Where tokens come from (option repo-gcs-key-type).
enum class key_type : uint8_t {
  service,      ///< a token service, for what is signed with the key of a service account
  token,        ///< it is an option
  instance,     ///< `auto`: the metadata of the virtual machine, for its service account
  web_identity, ///< a token service, for the token in a file that an external account names
};

/// Who gives tokens, and how it is asked. What the kind does not need is not looked at.
struct lender {
  key_type kind = key_type::service;
  std::string key_file = {}; ///< of a service account, or of an external one
  std::string metadata_url = "http://metadata.google.internal";
  std::chrono::milliseconds limit = std::chrono::seconds(60);
  http::client_settings connecting = {};

  bool operator==(const lender&) const = default;
};

/// Options repo-gcs-* and repo-storage-*.
struct settings {
  std::string bucket = {};
  std::string user_project = {}; ///< who pays; empty: the owner
  secret token = {};             ///< for key type `token`: the value of a header
  lender from = {};
  rest::place at = {};

  bool operator==(const settings&) const = default;
};

} // namespace pgbraid::gcs
