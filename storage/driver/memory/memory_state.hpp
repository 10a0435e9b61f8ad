// What a memory storage and the files that are open in it share.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/memory/node_tree.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid {

struct memory_state {
  memory_state(std::string name, storage_features can) : root(std::move(name)), features(can) {}

  std::string shown(std::string_view path) const {
    return path.empty() ? root : root + "/" + std::string(path);
  }
  error failed(std::string_view verb, std::string_view path, int error_number, errc missing,
               errc other) const;
  /// Notes what a file holds from now on, where versions are kept. Under the lock.
  void keep_version(std::string_view path, const memory_node& file);

  const std::string root;
  const storage_features features;
  mutable std::mutex mutex; ///< guards all below
  node_tree tree;
  std::optional<uint64_t> capacity_bytes;
  struct kept {
    file_version about;
    std::string content;
  };
  std::map<std::string, std::vector<kept>, std::less<>> versions; ///< the latest last
};

} // namespace pgbraid
