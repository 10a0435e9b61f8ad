// Writes the JSON dialect of info files.
// SPDX-License-Identifier: MIT
#include "engine/format/json_writer.hpp"

#include <array>
#include <charconv>

namespace pgbraid::format {

namespace {

/// What follows the backslash of each byte; 0: it stands for itself.
constexpr auto escape_letters = [] {
  std::array<char, 256> out{};
  constexpr std::string_view from = "\"\\\n\r\t\b\f";
  constexpr std::string_view to = "\"\\nrtbf";
  for (size_t i = 0; i < from.size(); ++i)
    out[static_cast<unsigned char>(from[i])] = to[i];
  return out;
}();

template <class Int> void append_number(std::string& out, Int value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

} // namespace

void append_json_escaped(std::string& out, std::string_view text) {
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char letter = escape_letters[static_cast<unsigned char>(text[i])];
    if (letter == 0)
      continue;
    out.append(text.substr(begin, i - begin));
    out += '\\';
    out += letter;
    begin = i + 1;
  }
  out.append(text.substr(begin));
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  append_json_escaped(out, text);
  return out += '"';
}

void json_writer::separate() {
  if (!first_)
    out_ += ',';
  first_ = false;
}

json_writer& json_writer::begin_object() {
  separate();
  out_ += '{';
  first_ = true;
  return *this;
}

json_writer& json_writer::end_object() {
  out_ += '}';
  first_ = false;
  return *this;
}

json_writer& json_writer::begin_array() {
  separate();
  out_ += '[';
  first_ = true;
  return *this;
}

json_writer& json_writer::end_array() {
  out_ += ']';
  first_ = false;
  return *this;
}

json_writer& json_writer::member(std::string_view name) {
  separate();
  out_ += '"';
  append_json_escaped(out_, name);
  out_ += "\":";
  first_ = true; // no comma between the name and its value
  return *this;
}

json_writer& json_writer::string(std::string_view value) {
  separate();
  out_ += '"';
  append_json_escaped(out_, value);
  out_ += '"';
  return *this;
}

json_writer& json_writer::hex(byte_view value) {
  separate();
  out_ += '"';
  append_hex(out_, value);
  out_ += '"';
  return *this;
}

json_writer& json_writer::number(uint64_t value) {
  separate();
  append_number(out_, value);
  return *this;
}

json_writer& json_writer::number(int64_t value) {
  separate();
  append_number(out_, value);
  return *this;
}

json_writer& json_writer::boolean(bool value) {
  return raw(value ? "true" : "false");
}

json_writer& json_writer::null() {
  return raw("null");
}

json_writer& json_writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

} // namespace pgbraid::format
