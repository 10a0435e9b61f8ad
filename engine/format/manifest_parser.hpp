// What reads a manifest line by line; for the files beside it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/info_file.hpp"
#include "engine/format/json_reader.hpp"
#include "engine/format/manifest.hpp"
#include "engine/format/manifest_scalars.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::format {

/// Marks in entries for "take the default", which comes after them in the file.
inline constexpr owner_index unset_owner = UINT32_MAX;
inline constexpr uint16_t unset_mode = UINT16_MAX;
/// Sizes and offsets have to stay below this, also in sum.
inline constexpr uint64_t size_limit = std::numeric_limits<int64_t>::max();

/// Sums may not overflow, and pieces lie inside of what they are pieces of.
class size_check {
public:
  result<void> add(const manifest_file& file);

private:
  uint64_t plain_bytes_ = 0;
  uint64_t stored_bytes_ = 0;
};

/// Takes the lines of a manifest, and makes it of them.
class manifest_parser {
public:
  static constexpr std::string_view files_section = "target:file";

  manifest_parser() { m_.options.has_compress_kind = false; } // until the key is read
  virtual ~manifest_parser() = default;
  manifest_parser(const manifest_parser&) = delete;
  manifest_parser& operator=(const manifest_parser&) = delete;

  result<void> line(const info_line& at);
  /// Settles what lines say of others: defaults, references, entries that are listed twice.
  result<manifest> finish(std::string writer_version);

protected:
  /// What becomes of a file that was read. Its name lives no longer than the call; owners and mode
  /// may be unset, and its reference is an index in `labels()`.
  virtual result<void> take(manifest_file& read);
  /// What was read so far; finished ones have everything.
  manifest& made() { return m_; }
  /// Labels that files refer to, in order of appearance, because the real list may come later.
  const std::vector<std::string>& labels() const { return labels_; }

private:
  result<void> file(const info_line& at);
  void file_member(json_reader& in, std::string_view name, manifest_file& to, rare_values& rare);
  void file_number(json_reader& in, std::string_view name, manifest_file& to, rare_values& rare);
  void file_reference(json_reader& in, manifest_file& to);
  result<void> path(const info_line& at);
  result<void> link(const info_line& at);
  result<void> target(const info_line& at);
  result<void> database(const info_line& at);
  result<void> defaults(const info_line& at, manifest_defaults& to);

  result<void> check_targets() const;
  result<void> check_sizes() const;
  void resolve_references();
  result<void> resolve_defaults();
  result<void> merge_all_doubles();

  manifest m_;
  manifest_scalars scalars_;
  std::vector<std::string> labels_;
};

} // namespace pgbraid::format
