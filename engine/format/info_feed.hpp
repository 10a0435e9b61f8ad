// Info files and manifests that come in pieces.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/info_file.hpp"
#include "engine/format/manifest.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pgbraid::format {

/// Parses the framing of a text that comes in pieces of any size, and keeps one line of it.
/// Errors: see `parse_info`; a line that is too long is `format` (29).
class info_feed {
public:
  /// The longest line that anybody writes: a file of 1 GiB of which every second page is wrong.
  static constexpr size_t line_limit_bytes = size_t{16} << 20;

  /// @param checked_section  of which the visitor refuses whatever is no JSON: its lines, which may
  ///                         be a million, are not looked through before
  explicit info_feed(info_visitor visit, std::string_view checked_section = {});
  ~info_feed();
  info_feed(const info_feed&) = delete;
  info_feed& operator=(const info_feed&) = delete;

  /// Takes the next piece. After an error nothing more may be given.
  result<void> feed(std::string_view piece);
  /// To be called after the last piece. @returns the `backrest-version` of the file
  result<std::string> finish();

private:
  struct lines;
  result<void> check_head(std::string_view piece);

  std::unique_ptr<lines> lines_;
  std::string rest_; ///< of a line that is not complete; wiped, because it may hold a passphrase
  bool any_ = false;
  bool head_checked_ = false;
};

/// Which files of a manifest somebody wants.
enum class kept_files : uint8_t { all, with_wrong_pages };

/// The same for a manifest. Files that nobody wants are read, checked and forgotten; that one is
/// listed twice is not noticed then. Errors: see `parse_manifest`.
class manifest_feed {
public:
  explicit manifest_feed(kept_files keep = kept_files::all);
  ~manifest_feed();
  manifest_feed(const manifest_feed&) = delete;
  manifest_feed& operator=(const manifest_feed&) = delete;

  result<void> feed(std::string_view piece);
  result<manifest> finish();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace pgbraid::format
