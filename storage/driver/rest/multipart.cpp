// Between boundaries.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/multipart.hpp"

#include "storage/driver/rest/web_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::rest {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::string boundary_of(std::string_view content_type) {
  constexpr std::string_view word = "boundary=";
  const auto at = lower(content_type).find(word);
  if (at == std::string::npos)
    return {};
  auto rest = content_type.substr(at + word.size());
  if (rest.starts_with('"'))
    return std::string(rest.substr(1, rest.find('"', 1) - 1));
  return std::string(rest.substr(0, rest.find_first_of("; ")));
}

/// The number at the end of `response-17`, `<response-item+17>` or `17`.
std::optional<size_t> number_in(std::string_view content_id) {
  const auto last = content_id.find_last_of("0123456789");
  if (last == std::string_view::npos)
    return {};
  const auto before = content_id.find_last_not_of("0123456789", last);
  const auto begin = before == std::string_view::npos ? 0 : before + 1;
  return number_of<size_t>(content_id.substr(begin, last + 1 - begin));
}

struct part_answer {
  std::optional<size_t> number = {};
  int status = 0;
};

/// Headers of the part, an empty line, and an answer in the words of HTTP.
part_answer answer_in(std::string_view part) {
  part_answer out;
  while (!part.empty()) {
    const auto end = part.find('\n');
    auto line = part.substr(0, end);
    part = end == std::string_view::npos ? std::string_view() : part.substr(end + 1);
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    const auto name = lower(line.substr(0, line.find(':')));
    if (name == "content-id" && !out.number) {
      out.number = number_in(line.substr(name.size()));
    } else if (line.starts_with("HTTP/")) {
      const auto blank = line.find(' ');
      if (blank != std::string_view::npos)
        out.status = number_of<int>(line.substr(blank + 1, 3)).value_or(0);
      return out;
    }
  }
  return out;
}

} // namespace

std::string boundary_for(std::span<const body_part> parts) {
  for (unsigned number = 0;; ++number) {
    auto boundary = fmt::format("pgbraid-{:08x}", number);
    const auto has_it = [&](const body_part& one) {
      return as_text(one.content).find(boundary) != std::string_view::npos;
    };
    if (std::ranges::none_of(parts, has_it))
      return boundary;
  }
}

std::vector<std::byte> multipart_body(std::string_view boundary, std::span<const body_part> parts) {
  std::vector<std::byte> out;
  const auto add = [&](std::string_view text) {
    const auto bytes = as_bytes(text);
    out.insert(out.end(), bytes.begin(), bytes.end());
  };
  for (const auto& part : parts) {
    add(fmt::format("--{}\r\n", boundary));
    for (const auto& one : part.headers)
      add(fmt::format("{}: {}\r\n", one.name, one.value));
    add("\r\n");
    out.insert(out.end(), part.content.begin(), part.content.end());
    add("\r\n");
  }
  add(fmt::format("--{}--\r\n", boundary));
  return out;
}

std::vector<int> batch_statuses(const http::response& answer, size_t count) {
  std::vector<int> out(count, 0);
  const auto boundary = "--" + boundary_of(answer.find("content-type"));
  if (boundary.size() == 2)
    return out;
  auto rest = as_text(answer.body);
  for (auto at = rest.find(boundary); at != std::string_view::npos; at = rest.find(boundary)) {
    rest = rest.substr(at + boundary.size());
    const auto one = answer_in(rest.substr(0, rest.find(boundary)));
    if (one.number && *one.number < count)
      out[*one.number] = one.status;
  }
  return out;
}

} // namespace pgbraid::rest
