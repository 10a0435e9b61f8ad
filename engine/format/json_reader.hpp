// Reads the JSON dialect of info files from front to back, without building a tree.
// Source of the dialect: engine/format/README.md, section 4.2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::format {

enum class json_kind : uint8_t { object, array, string, number, boolean, null, end, invalid };

/// A forward reader over one JSON text, which must outlive it.
///
/// Strings are bytes (need not be UTF-8), `\u` escapes reach 00FF only, numbers are plain decimal
/// integers, nesting ends at `depth_limit`. The first error sticks: afterwards every call returns a
/// harmless value, so callers read a whole object and look at `check()` once.
class json_reader {
public:
  static constexpr unsigned depth_limit = 32;

  explicit json_reader(std::string_view text) : text_(text) {}

  /// What comes next, without consuming it.
  json_kind peek();

  /// Opens an object; then `while (auto name = next_member())` reads a value per round.
  void begin_object();
  /// The name of the next member; empty at the end of the object (which is consumed) or on error.
  /// The view is valid until the next call that reads a string.
  std::optional<std::string_view> next_member();
  /// Opens an array; then `while (next_element())` reads a value per round.
  void begin_array();
  bool next_element();

  /// The view is valid until the next call that reads a string or a name.
  std::string_view read_string();
  uint64_t read_uint();
  int64_t read_int();
  bool read_bool();
  void read_null();
  /// Skips one value of any kind and returns its text as it stands.
  std::string_view skip_value();

  /// Fails the reading with errc::format, as if the text were broken here.
  void fail(std::string_view why);
  bool failed() const { return failure_.has_value(); }
  /// Succeeds when nothing failed and nothing but one complete value was there.
  result<void> check();

private:
  struct level {
    bool is_object;
    bool first;
  };
  bool take(char wanted);
  bool enter(char opening, bool is_object);
  bool separate(char closing);
  void parse_string(std::string& scratch, std::string_view& out);
  bool unescape(std::string& scratch);
  void skip_literal(std::string_view word);
  void skip_number();

  std::string_view text_;
  size_t at_ = 0;
  unsigned depth_ = 0;
  level levels_[depth_limit] = {};
  std::string name_;
  std::string string_;
  std::optional<error> failure_;
};

/// The length of the valid JSON value `text` consists of, or false when it is not exactly one.
bool is_json(std::string_view text);

} // namespace pgbraid::format
