// What a bucket knows that keeps earlier versions of its objects.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_store.hpp"

namespace pgbraid::object {

/// One version, or the note that from then on there is no object.
struct object_version {
  std::string key;
  std::string version = {};
  uint64_t size_bytes = 0;
  int64_t from_s = 0;                  ///< when it was made
  std::optional<int64_t> until_s = {}; ///< when it ended, where the store tells that with it
  bool removed = false;                ///< the note of a removal
};

/// A part of a list of versions: by key, the versions of a key beside each other.
struct version_page {
  std::vector<object_version> versions = {};
  std::vector<std::string> prefixes = {}; ///< also of what has versions only that ended
  std::string next = {};
};

/// Which of two versions of a key is listed first.
enum class version_order : uint8_t { newest_first, oldest_first };

/// The versions of one bucket. Thread-safe. What it answers was looked at as in `object_store`.
class version_store {
public:
  virtual ~version_store() = default;

  virtual version_order order() const = 0;
  /// @param what  its prefix may be a key, too
  virtual asked<version_page> list_versions(const object_store::list_request& what) = 0;
  /// As `object_store::read`, of one version.
  virtual asked<std::optional<object_piece>> read_version(const std::string& key,
                                                          const std::string& version,
                                                          uint64_t offset, uint64_t bytes) = 0;
};

} // namespace pgbraid::object
