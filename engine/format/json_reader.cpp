// Reads the JSON dialect of info files from front to back.
// SPDX-License-Identifier: MIT
#include "engine/format/json_reader.hpp"

#include <cassert>
#include <charconv>

namespace pgbraid::format {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) {
  if (is_digit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

} // namespace

json_kind json_reader::peek() {
  if (failure_)
    return json_kind::invalid;
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t'))
    ++at_;
  if (at_ == text_.size())
    return json_kind::end;
  switch (text_[at_]) {
  case '{':
    return json_kind::object;
  case '[':
    return json_kind::array;
  case '"':
    return json_kind::string;
  case 't':
  case 'f':
    return json_kind::boolean;
  case 'n':
    return json_kind::null;
  default:
    return text_[at_] == '-' || is_digit(text_[at_]) ? json_kind::number : json_kind::invalid;
  }
}

void json_reader::fail(std::string_view why) {
  if (failure_)
    return;
  failure_ = error{errc::format,
                   "invalid JSON at byte " + std::to_string(at_ + 1) + ": " + std::string(why)};
}

bool json_reader::take(char wanted) {
  peek(); // skips blanks
  if (failure_ || at_ == text_.size() || text_[at_] != wanted)
    return false;
  ++at_;
  return true;
}

bool json_reader::enter(char opening, bool is_object) {
  if (!take(opening)) {
    fail(is_object ? "object expected" : "array expected");
    return false;
  }
  if (depth_ == depth_limit) {
    fail("nested too deeply");
    return false;
  }
  levels_[depth_++] = {is_object, true};
  return true;
}

bool json_reader::separate(char closing) {
  if (failure_)
    return false;
  assert(depth_ > 0);
  auto& here = levels_[depth_ - 1];
  if (take(closing)) {
    --depth_;
    return false;
  }
  if (!here.first && !take(',')) {
    fail("',' or end expected");
    return false;
  }
  here.first = false;
  return true;
}

void json_reader::begin_object() {
  enter('{', true);
}

void json_reader::begin_array() {
  enter('[', false);
}

std::optional<std::string_view> json_reader::next_member() {
  if (!separate('}'))
    return {};
  std::string_view name;
  parse_string(name_, name);
  if (!failure_ && !take(':'))
    fail("':' expected");
  if (failure_)
    return {};
  return name;
}

bool json_reader::next_element() {
  return separate(']');
}

std::string_view json_reader::read_string() {
  std::string_view value;
  parse_string(string_, value);
  return value;
}

void json_reader::parse_string(std::string& scratch, std::string_view& out) {
  out = {};
  if (!take('"'))
    return fail("string expected");
  const auto rest = text_.substr(at_);
  const auto whole = rest.substr(0, rest.find('"'));
  const auto plain = whole.substr(0, whole.find('\\'));
  at_ += plain.size();
  if (at_ < text_.size() && text_[at_] == '"') {
    out = plain;
    ++at_;
    return;
  }
  scratch.assign(plain);
  while (at_ < text_.size() && text_[at_] != '"') {
    if (text_[at_] != '\\')
      scratch += text_[at_++];
    else if (!unescape(scratch))
      return fail("unknown escape in string");
  }
  if (!take('"'))
    return fail("string without end");
  out = scratch;
}

bool json_reader::unescape(std::string& scratch) {
  if (at_ + 1 >= text_.size())
    return false;
  const char kind = text_[at_ + 1];
  static constexpr std::string_view from = "\"\\/nrtbf";
  static constexpr std::string_view to = "\"\\/\n\r\t\b\f";
  if (auto i = from.find(kind); i != from.npos) {
    scratch += to[i];
    at_ += 2;
    return true;
  }
  // Only \u00XX exists in this dialect.
  if (kind != 'u' || at_ + 6 > text_.size() || text_.substr(at_ + 2, 2) != "00")
    return false;
  const int high = hex_digit(text_[at_ + 4]);
  const int low = hex_digit(text_[at_ + 5]);
  if (high < 0 || low < 0)
    return false;
  scratch += static_cast<char>(high * 16 + low);
  at_ += 6;
  return true;
}

namespace {

/// Length of a plain decimal integer at the front of `text`; 0 if there is none.
size_t number_length(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const size_t digits = at;
  while (at < text.size() && is_digit(text[at]))
    ++at;
  const bool leading_zero = at - digits > 1 && text[digits] == '0';
  if (at == digits || leading_zero)
    return 0;
  if (at < text.size() && (text[at] == '.' || text[at] == 'e' || text[at] == 'E'))
    return 0;
  return at;
}

} // namespace

uint64_t json_reader::read_uint() {
  uint64_t value = 0;
  if (peek() != json_kind::number || text_[at_] == '-') {
    fail("unsigned integer expected");
    return 0;
  }
  const auto digits = text_.substr(at_, number_length(text_.substr(at_)));
  const auto [end, why] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || why != std::errc{}) {
    fail("number is no 64-bit unsigned integer");
    return 0;
  }
  at_ += digits.size();
  return value;
}

int64_t json_reader::read_int() {
  int64_t value = 0;
  if (peek() != json_kind::number) {
    fail("integer expected");
    return 0;
  }
  const auto digits = text_.substr(at_, number_length(text_.substr(at_)));
  const auto [end, why] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || why != std::errc{}) {
    fail("number is no 64-bit integer");
    return 0;
  }
  at_ += digits.size();
  return value;
}

bool json_reader::read_bool() {
  if (peek() != json_kind::boolean) {
    fail("true or false expected");
    return false;
  }
  const bool value = text_[at_] == 't';
  skip_literal(value ? "true" : "false");
  return value && !failure_;
}

void json_reader::read_null() {
  peek();
  skip_literal("null");
}

void json_reader::skip_literal(std::string_view word) {
  if (failure_)
    return;
  if (!text_.substr(at_).starts_with(word))
    return fail("unknown word");
  at_ += word.size();
}

void json_reader::skip_number() {
  const size_t length = number_length(text_.substr(at_));
  if (length == 0)
    return fail("plain integer expected");
  at_ += length;
}

std::string_view json_reader::skip_value() {
  const auto kind = peek();
  const size_t begin = at_;
  switch (kind) {
  case json_kind::object:
    begin_object();
    while (next_member())
      skip_value();
    break;
  case json_kind::array:
    begin_array();
    while (next_element())
      skip_value();
    break;
  case json_kind::string:
    read_string();
    break;
  case json_kind::number:
    skip_number();
    break;
  case json_kind::boolean:
    read_bool();
    break;
  case json_kind::null:
    read_null();
    break;
  case json_kind::end:
  case json_kind::invalid:
    fail("value expected");
    break;
  }
  return failure_ ? std::string_view{} : text_.substr(begin, at_ - begin);
}

result<void> json_reader::check() {
  if (!failure_ && (depth_ != 0 || peek() != json_kind::end))
    fail("more after the value");
  if (failure_)
    return *failure_;
  return success();
}

bool is_json(std::string_view text) {
  json_reader in(text);
  in.skip_value();
  return static_cast<bool>(in.check());
}

} // namespace pgbraid::format
