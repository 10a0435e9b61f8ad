// Where a store is, and how much may be under way with it: what the settings of all drivers share.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/http/client.hpp"
#include "storage/driver/object/object_reader.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid::rest {

/// Options repo-storage-*, and the endpoint of each kind of store.
struct place {
  std::string endpoint = {}; ///< host, without port
  bool tls = true;
  uint16_t port = 443;
  /// What new objects are marked with.
  std::vector<std::pair<std::string, std::string>> tags = {};
  uint64_t chunk_bytes = uint64_t{5} << 20; ///< larger objects go in parts of this size
  object::read_ahead_limits reading = {};
  /// Read as it was at that time, from the versions that it keeps; nothing is written then.
  std::optional<int64_t> as_of_s = {};
  std::chrono::milliseconds limit = std::chrono::seconds(60); ///< of the tries of a request
  http::client_settings connecting = {};

  /// `https://host:port`, the port where it is not the usual one.
  std::string origin() const { return origin_of(endpoint); }
  /// The same for a host below the endpoint, or beside it.
  std::string origin_of(const std::string& host) const {
    const bool usual = port == (tls ? 443 : 80);
    return (tls ? "https://" : "http://") + host + (usual ? "" : ":" + std::to_string(port));
  }
  bool operator==(const place&) const = default;
};

} // namespace pgbraid::rest
