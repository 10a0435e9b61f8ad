// What repo-ls prints of each name.
// Source of the shapes: cli/command/README.md, section 12.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgbraid::report {

enum class listed_kind : uint8_t { file, path, link, special };

struct listed_name {
  std::string_view name; ///< as it is shown
  listed_kind kind = listed_kind::file;
  uint64_t size_bytes = 0;           ///< of files
  int64_t mtime_s = 0;               ///< of files
  std::string_view destination = {}; ///< of links
  std::string_view version = {};     ///< of a file in a store, where it is not the present one
};

/// Makes the text of a list, name by name: one to a line, or a JSON object and a line feed.
class file_list {
public:
  explicit file_list(bool json) : json_(json) {}

  bool is_json() const { return json_; }
  void add(const listed_name& one);
  void end();
  /// What was made since the last time.
  std::string take();

private:
  const bool json_;
  bool first_ = true;
  std::string text_;
};

} // namespace pgbraid::report
