// Values that only manifests have.
// SPDX-License-Identifier: MIT
#include "engine/format/manifest_values.hpp"

namespace pgbraid::format {

namespace {

constexpr uint16_t mode_limit = 07777;

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace

void read_sha1(json_reader& in, sha1_bytes& out) {
  const auto text = in.read_string();
  if (in.failed())
    return;
  if (text.size() != 2 * out.size())
    return in.fail("checksum of 40 digits expected");
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return in.fail("checksum of 40 digits expected");
    out[i] = static_cast<std::byte>(high << 4 | low);
  }
}

void read_mode(json_reader& in, uint16_t& out) {
  const auto text = in.read_string();
  uint32_t mode = 0;
  const bool octal =
      !text.empty() && text.size() <= 5 && text.find_first_not_of("01234567") == text.npos;
  for (const char c : text)
    mode = octal ? mode * 8 + static_cast<uint32_t>(c - '0') : 0;
  if (!in.failed() && (!octal || mode > mode_limit))
    in.fail("octal mode expected");
  out = static_cast<uint16_t>(mode);
}

bool is_owner_name(std::string_view name) {
  return !name.empty() && name.find('\0') == name.npos;
}

void read_owner(json_reader& in, manifest& of, owner_index& out) {
  if (in.peek() == json_kind::boolean) {
    if (in.read_bool())
      in.fail("name or false expected");
    out = no_owner;
    return;
  }
  const auto name = in.read_string();
  if (!in.failed() && !is_owner_name(name))
    return in.fail("invalid owner");
  out = of.owner(name);
}

void read_limited(json_reader& in, uint64_t& out, uint64_t limit) {
  out = in.read_uint();
  if (out > limit)
    in.fail("number is too large");
}

void read_page_errors(json_reader& in, std::vector<page_range>& out) {
  in.begin_array();
  while (in.next_element()) {
    page_range range;
    if (in.peek() != json_kind::array) {
      range.first = range.second = in.read_uint();
    } else {
      in.begin_array();
      range.first = in.next_element() ? in.read_uint() : 0;
      range.second = in.next_element() ? in.read_uint() : 0;
      if (!in.failed() && in.next_element())
        in.fail("first and last page expected");
    }
    const bool ordered =
        range.first <= range.second && (out.empty() || out.back().second < range.first);
    if (!in.failed() && !ordered)
      in.fail("pages are not in order");
    out.push_back(range);
  }
}

} // namespace pgbraid::format
