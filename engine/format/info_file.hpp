// The framing that archive.info, backup.info and backup.manifest share.
// Source of the format: engine/format/README.md, section 4.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace pgbraid::format {

inline constexpr uint64_t repository_format = 5;
/// What our files carry as `backrest-version` unless the caller says otherwise. Peers accept any.
inline constexpr std::string_view default_writer_version = "0.1.0";

/// One `key=value` line. The views point into the parsed text; `value` is valid JSON.
struct info_line {
  std::string_view section;
  std::string_view key;
  std::string_view value;
};

/// Gets every line in file order, except those of `[backrest]`.
using info_visitor = std::function<result<void>(const info_line&)>;

/// Parses the framing, checks the format number and the checksum.
/// Errors: `format` (29) for broken lines, for a format other than 5 and for format 6 cipher text;
/// `checksum` (26) when the checksum is missing or wrong, which wins over errors of the visitor;
/// `crypto` (95) for cipher text where plain text was expected.
/// @returns the `backrest-version` of the file
result<std::string> parse_info(std::string_view text, const info_visitor& visit);

/// Takes a text piece by piece. A failure ends it: nothing more comes.
using text_taker = std::function<result<void>(std::string_view piece)>;

/// Renders an info file, computing its checksum on the way.
class info_writer {
public:
  /// Writes the first `[backrest]` section.
  /// @param to  gets the text in pieces of some 64 KiB; without it all of it is kept
  explicit info_writer(std::string_view writer_version, text_taker to = {});
  ~info_writer();
  info_writer(const info_writer&) = delete;
  info_writer& operator=(const info_writer&) = delete;

  /// Appends one line; sections and keys must come in file order (byte order of the names).
  void line(std::string_view section, std::string_view key, std::string_view json_value);
  void text(std::string_view section, std::string_view key, std::string_view value);
  void number(std::string_view section, std::string_view key, uint64_t value);
  void boolean(std::string_view section, std::string_view key, bool value);
  /// Appends the checksum and returns what was kept. The writer is used up.
  std::string finish();
  /// Appends the checksum and hands on the rest; fails as `to` did. The writer is used up.
  result<void> end();

private:
  struct digest;
  void add_checksum();
  void hand_on();

  text_taker to_;
  result<void> handed_on_ = success();
  std::unique_ptr<digest> digest_;
  std::string out_;
  std::string section_;
  std::string scratch_;
};

/// Whether the bytes look like a plain info file, or the begin of one: their first line is a
/// section, which noise is once in millions.
bool looks_like_info(std::string_view text);

} // namespace pgbraid::format
