// Writes the JSON dialect of info files: compact, members in the order given.
// Source of the dialect: engine/format/README.md, section 4.2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pgbraid::format {

/// Appends JSON to a text. Members must be given in byte order of their names: readers since 2.39
/// rely on it.
class json_writer {
public:
  explicit json_writer(std::string& out) : out_(out) {}

  json_writer& begin_object();
  json_writer& end_object();
  json_writer& begin_array();
  json_writer& end_array();
  /// The name of the next value.
  json_writer& member(std::string_view name);
  json_writer& string(std::string_view value);
  /// A string of digits, as `to_hex` makes it.
  json_writer& hex(byte_view value);
  json_writer& number(uint64_t value);
  json_writer& number(int64_t value);
  json_writer& boolean(bool value);
  json_writer& null();
  /// A value that is JSON already.
  json_writer& raw(std::string_view json);

private:
  void separate();
  std::string& out_;
  bool first_ = true;
};

/// Appends `text` with the escapes of the dialect, without quotes.
void append_json_escaped(std::string& out, std::string_view text);
/// One JSON string.
std::string json_string(std::string_view text);

} // namespace pgbraid::format
