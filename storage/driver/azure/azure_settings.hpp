// Where a container of Azure is, and how it wants to be asked.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "storage/driver/rest/place.hpp"

#include <string>

namespace pgbraid::azure {

enum class uri_style : uint8_t {
  host, ///< `https://account.endpoint/container/key`
  path, ///< `https://endpoint/account/container/key`
};

/// What requests are authorized with (option repo-azure-key-type).
enum class key_type : uint8_t {
  shared,   ///< a signature of each, with the key of the account
  sas,      ///< a signature that somebody made before, for all of them
  instance, ///< `auto`: a token from the metadata of the virtual machine
};

/// Options repo-azure-* and repo-storage-*.
struct settings {
  std::string account = {};
  std::string container = {};
  uri_style style = uri_style::host;
  key_type kind = key_type::shared;
  secret key = {}; ///< base64 for `shared`; the fields of a query for `sas`
  std::string metadata_url = "http://169.254.169.254";
  rest::place at = {};

  bool operator==(const settings&) const = default;
};

} // namespace pgbraid::azure
