// Typed values of the lines of an info file.
// SPDX-License-Identifier: MIT
#include "engine/format/info_value.hpp"

#include <charconv>

namespace pgbraid::format {

void read_json(json_reader& in, bool& out) {
  out = in.read_bool();
}

void read_json(json_reader& in, uint64_t& out) {
  out = in.read_uint();
}

void read_json(json_reader& in, int64_t& out) {
  out = in.read_int();
}

void read_json(json_reader& in, std::string& out) {
  out = in.read_string();
}

void read_json(json_reader& in, secret& out) {
  out = secret(in.read_string());
}

void read_json(json_reader& in, std::vector<std::string>& out) {
  out.clear();
  in.begin_array();
  while (in.next_element())
    out.emplace_back(in.read_string());
}

void read_json(json_reader& in, std::map<std::string, std::string>& out) {
  out.clear();
  in.begin_object();
  while (auto name = in.next_member()) {
    std::string key(*name);
    out.insert_or_assign(std::move(key), std::string(in.read_string()));
  }
}

error within_line(const info_line& line, const error& why) {
  return why.within("'" + printable(line.key) + "' in section [" + printable(line.section) + "]");
}

std::optional<uint64_t> parse_uint(std::string_view text) {
  uint64_t value = 0;
  const auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || why != std::errc{} || end != text.data() + text.size())
    return {};
  return value;
}

std::string printable(std::string_view text) {
  constexpr size_t limit = 256;
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  if (text.size() > limit)
    out += "...";
  return out;
}

} // namespace pgbraid::format
