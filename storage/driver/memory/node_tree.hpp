// Files, paths and links in memory, with the link rules of the contract.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/storage.hpp"

#include <map>
#include <memory>
#include <string>

namespace pgbraid {

/// A file, path or link. Hard links are several names for one node.
struct memory_node {
  entry_info info;
  std::string content;
  std::map<std::string, std::shared_ptr<memory_node>, std::less<>> children;
  unsigned names = 0;
};
using node_ptr = std::shared_ptr<memory_node>;

/// A tree whose root may not exist yet. Not thread-safe. Failures are errno values as the posix
/// driver would see them: ENOENT, ENOTDIR, ELOOP (a link), ...
class node_tree {
public:
  struct found {
    node_ptr node; ///< null when `error_number` is not 0
    int error_number = 0;
  };
  /// No link is passed.
  /// @param last_counts  whether a link in the last segment is refused, too
  found find(std::string_view path, bool last_counts) const;
  /// The directory that holds the last segment.
  found find_parent(std::string_view path) const;
  /// Makes all missing paths. @returns 0 or errno
  int make_path(std::string_view path, uint32_t mode);
  /// Gives a node a name, replacing what had it.
  static void attach(memory_node& parent, std::string_view name, node_ptr child);
  static void detach(memory_node& parent, std::string_view name);
  void remove_root() { root_.reset(); }
  /// Sum of the content of all files, each counted once.
  uint64_t used_bytes() const;

private:
  node_ptr root_;
};

} // namespace pgbraid
