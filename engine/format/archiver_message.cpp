// What the resident archiver and those who ask it say to each other.
// SPDX-License-Identifier: MIT
#include "engine/format/archiver_message.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <system_error>
#include <utility>
#include <vector>

namespace pgbraid::format {

namespace {

constexpr std::string_view version = "1";
constexpr size_t length_bytes = 4;
/// Leaves room for the fields beside the text.
constexpr size_t text_limit_bytes = archiver_message_limit_bytes - 256;
constexpr unsigned code_limit = 255;

using fields = std::vector<std::string>;

error not_understood(std::string_view what) {
  return {errc::protocol, "the message " + std::string(what)};
}

/// What a field can hold.
std::string field_of(std::string_view text) {
  std::string out(text.substr(0, text_limit_bytes));
  std::ranges::replace(out, '\0', ' ');
  return out;
}

std::string message_of(std::initializer_list<std::string_view> all) {
  std::string body;
  for (const auto one : all)
    body.append(field_of(one)).push_back('\0');
  std::string out;
  for (size_t i = length_bytes; i-- > 0;)
    out.push_back(static_cast<char>((body.size() >> (8 * i)) & 0xff));
  return out + body;
}

size_t length_of(std::string_view received) {
  size_t out = 0;
  for (const char one : received.substr(0, length_bytes))
    out = out << 8 | static_cast<unsigned char>(one);
  return out;
}

result<std::optional<fields>> take_fields(std::string& received) {
  if (received.size() < length_bytes)
    return std::optional<fields>();
  const auto length = length_of(received);
  if (length == 0 || length > archiver_message_limit_bytes)
    return not_understood("has a length that no message has");
  if (received.size() < length_bytes + length)
    return std::optional<fields>();
  std::string_view body(received);
  body = body.substr(length_bytes, length);
  if (body.back() != '\0')
    return not_understood("has a field without an end");
  fields out;
  while (!body.empty()) {
    const auto end = body.find('\0');
    out.emplace_back(body.substr(0, end));
    body.remove_prefix(end + 1);
  }
  received.erase(0, length_bytes + length);
  return std::optional(std::move(out));
}

template <class Number> std::optional<Number> number_in(const std::string& text) {
  Number out = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(out) : std::nullopt;
}

std::optional<archiver_request> request_of(const fields& from) {
  if (from.size() < 2 || from[1] != version)
    return std::nullopt;
  if (from[0] == "hello" && from.size() == 2)
    return archiver_greeting{};
  const bool push = from[0] == "push" && from.size() == 4 && from[2].starts_with('/') &&
                    !from[3].empty() && from[3].find('/') == std::string::npos;
  return push ? std::optional<archiver_request>(archiver_push{from[2], from[3]}) : std::nullopt;
}

std::optional<archiver_answer> answer_of(const fields& from) {
  const auto& word = from.front();
  if (word == "wait" && from.size() == 1)
    return archiver_wait{};
  if (word == "elsewhere" && from.size() == 2)
    return archiver_elsewhere{from[1]};
  if (word == "done" && from.size() == 3)
    if (const auto code = number_in<unsigned>(from[1]); code && *code <= code_limit)
      return archiver_done{*code, from[2]};
  if (word == "hello" && from.size() == 4 && from[1] == version)
    if (const auto process = number_in<int64_t>(from[3]))
      return archiver_hello{from[2], *process};
  return std::nullopt;
}

template <class Message>
result<std::optional<Message>> take(std::string& received,
                                    std::optional<Message> (*understand)(const fields&)) {
  const auto found = take_fields(received);
  if (!found)
    return found.failure();
  if (!*found)
    return std::optional<Message>();
  auto out = understand(**found);
  if (!out)
    return not_understood("has no meaning");
  return out;
}

std::string rendered(const archiver_greeting&) {
  return message_of({"hello", version});
}
std::string rendered(const archiver_push& one) {
  return message_of({"push", version, one.directory, one.name});
}
std::string rendered(const archiver_hello& one) {
  return message_of({"hello", version, one.program_version, std::to_string(one.process)});
}
std::string rendered(const archiver_wait&) {
  return message_of({"wait"});
}
std::string rendered(const archiver_done& one) {
  return message_of({"done", std::to_string(one.code), one.text});
}
std::string rendered(const archiver_elsewhere& one) {
  return message_of({"elsewhere", one.why});
}

} // namespace

std::string render(const archiver_request& request) {
  return std::visit([](const auto& one) { return rendered(one); }, request);
}

std::string render(const archiver_answer& answer) {
  return std::visit([](const auto& one) { return rendered(one); }, answer);
}

result<std::optional<archiver_request>> take_archiver_request(std::string& received) {
  return take<archiver_request>(received, request_of);
}

result<std::optional<archiver_answer>> take_archiver_answer(std::string& received) {
  return take<archiver_answer>(received, answer_of);
}

} // namespace pgbraid::format
