// Paths of the contract as keys of a bucket, and back.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_store.hpp"
#include "storage/list_budget.hpp"
#include "storage/storage.hpp"

#include <string>
#include <string_view>

namespace pgbraid::object {

/// Where a repository lies in its bucket: its path without the slashes around it.
class object_keys {
public:
  /// @param root  absolute, as users know it
  explicit object_keys(std::string root);

  const std::string& root() const { return root_; }
  std::string key(std::string_view path) const;
  /// What all keys below a path begin with; empty for the root of a bucket.
  std::string prefix(std::string_view path) const;
  /// For messages.
  std::string shown(std::string_view path) const;

private:
  const std::string root_;
  const std::string below_; ///< empty, or with a `/` at its end
};

/// Whether a name that a store tells could be one of a file or path of ours.
bool is_sane_name(std::string_view segment);

/// The entries of a path as its pages come. Names that are none are passed over, with a warning.
class path_entries {
public:
  /// @param shown  the path, for messages
  path_entries(std::string prefix, std::string shown)
      : prefix_(std::move(prefix)), shown_(std::move(shown)) {}
  /// Fails with `protocol` when it becomes too much.
  result<void> add(object_page page);
  /// Whether anything was found, if only a name that was passed over.
  bool found() const { return found_; }
  /// Sorted by name.
  std::vector<entry> take();

private:
  result<void> add_one(std::string_view key, const entry_info& info);

  const std::string prefix_;
  const std::string shown_;
  list_budget budget_;
  std::vector<entry> entries_;
  bool found_ = false;
};

} // namespace pgbraid::object
