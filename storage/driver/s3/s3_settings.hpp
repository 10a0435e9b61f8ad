// Where a bucket is, and how it wants to be asked.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "storage/driver/rest/place.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace pgbraid::s3 {

enum class uri_style : uint8_t {
  host, ///< `https://bucket.endpoint/key`
  path, ///< `https://endpoint/bucket/key`
};

/// What requests are signed with.
struct credentials {
  secret access_key = {};
  secret secret_key = {};
  secret token = {}; ///< of a session; empty: none

  bool operator==(const credentials&) const = default;
};

/// Where keys come from (option repo-s3-key-type).
enum class key_type : uint8_t {
  shared,       ///< they are options
  instance,     ///< `auto`: the metadata of the virtual machine, for its role
  web_identity, ///< a token service, for a token in a file
  pod,          ///< the agent of a Kubernetes pod
  process,      ///< a command
};

/// Who lends keys, and how it is asked. What the kind does not need is not looked at.
struct lender {
  key_type kind = key_type::shared;
  std::string role = {}; ///< of the instance; empty: it is asked for
  std::string metadata_url = "http://169.254.169.254";
  std::string sts_host = {}; ///< may have `http://` or a port, for tests
  std::string role_arn = {};
  std::string token_file = {};
  std::string pod_url = {};
  std::vector<std::string> command = {};
  std::chrono::milliseconds limit = std::chrono::seconds(60);
  http::client_settings connecting = {};

  std::string sts_url() const {
    return sts_host.find("://") == std::string::npos ? "https://" + sts_host : sts_host;
  }
  bool operator==(const lender&) const = default;
};

/// How new objects are locked: their versions stay that long, whoever removes them.
struct object_lock {
  std::string mode = {}; ///< `GOVERNANCE` or `COMPLIANCE`; empty: as the bucket says
  int64_t time_s = 0;

  bool operator==(const object_lock&) const = default;
};

/// Options repo-s3-* and repo-storage-*.
struct settings {
  std::string bucket = {};
  std::string region = {};
  std::string service = "s3";
  uri_style style = uri_style::host;
  credentials with = {}; ///< for key type `shared`
  lender from = {};
  std::string kms_key_id = {};
  secret customer_key = {}; ///< base64 of 32 bytes
  bool requester_pays = false;
  object_lock lock = {};
  rest::place at = {};

  bool operator==(const settings&) const = default;
};

} // namespace pgbraid::s3
