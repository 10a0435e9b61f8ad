// One value of an option: parsed from text.
// SPDX-License-Identifier: MIT
#include "engine/config/value.hpp"

#include "engine/base/units.hpp"
#include "engine/config/shown_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <optional>
#include <utility>

namespace pgbraid::config {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

/// Calls `visit` with each part of `text` between `mark`s; stops when it returns true.
bool any_part(std::string_view text, std::string_view mark,
              const std::function<bool(std::string_view)>& visit) {
  while (true) {
    const auto end = text.find(mark);
    if (visit(trimmed(text.substr(0, end))))
      return true;
    if (end == std::string_view::npos)
      return false;
    text.remove_prefix(end + mark.size());
  }
}

bool named(std::string_view part, std::string_view name) {
  const auto colon = part.find(": ");
  return colon != std::string_view::npos &&
         any_part(part.substr(0, colon), "/", [&](auto one) { return one == name; });
}

std::optional<int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-')
    text.remove_prefix(1);
  int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || rest != end)
    return std::nullopt;
  return number;
}

/// Integers as they are, sizes in bytes, times in milliseconds.
std::optional<int64_t> parse_number(option_type type, std::string_view text) {
  if (type == option_type::size) {
    const auto size = parse_size(text);
    return size ? std::optional(static_cast<int64_t>(*size)) : std::nullopt;
  }
  return type == option_type::time ? parse_time_ms(text) : parse_integer(text);
}

/// What is wrong, with the name of the option.
struct complaint {
  std::string_view name;

  error about(std::string_view text, std::string_view what, std::string hint = {}) const {
    if (auto odd = odd_characters(text); !odd.empty())
      hint += (hint.empty() ? "" : "\n") + odd;
    return {errc::option_invalid_value, fmt::format("'{}' {} '{}' option", text, what, name),
            std::move(hint)};
  }
};

std::string quoted_choices(std::string_view choices) {
  std::string out;
  any_part(choices, "|", [&](auto one) {
    out += fmt::format("{}'{}'", out.empty() ? "" : ", ", one);
    return false;
  });
  return out;
}

result<int64_t> checked_number(option_type type, std::string_view text, std::string_view allowed,
                               const complaint& say) {
  const auto number = parse_number(type, text);
  if (!number)
    return say.about(text, "is not valid for");
  if (const auto dots = allowed.find(".."); dots != std::string_view::npos) {
    const auto low = allowed.substr(0, dots);
    const auto high = allowed.substr(dots + 2);
    if (*number < parse_number(type, low) || *number > parse_number(type, high))
      return say.about(text, "is out of range for",
                       fmt::format("allowed range is {} to {} inclusive", low, high));
  } else if (!allowed.empty() &&
             !any_part(allowed, "|", [&](auto one) { return parse_number(type, one) == number; })) {
    return say.about(text, "is not allowed for",
                     fmt::format("allowed values are {}", quoted_choices(allowed)));
  }
  return *number;
}

result<std::string> checked_path(std::string text, const complaint& say) {
  if (text.empty())
    return say.about(text, "must be >= 1 character for");
  if (text.front() != '/')
    return say.about(text, "must begin with / for");
  if (text.find("//") != std::string::npos)
    return say.about(text, "cannot contain // for");
  if (text.size() > 1 && text.back() == '/')
    text.pop_back();
  return text;
}

result<std::string> checked_text(option_type type, const std::string& text,
                                 std::string_view allowed, const complaint& say) {
  if (type == option_type::path)
    return checked_path(text, say);
  if (text.empty())
    return say.about(text, "must be >= 1 character for");
  if (!allowed.empty() && !among(text, allowed))
    return say.about(text, "is not allowed for",
                     fmt::format("allowed values are {}", quoted_choices(allowed)));
  return text;
}

result<value_map> parse_map(std::string_view name, const std::vector<std::string>& texts,
                            std::vector<std::string>& warnings) {
  value_map out;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return error{errc::option_invalid,
                   fmt::format("key/value '{}' not valid for '{}' option", text, name)};
    const auto key = text.substr(0, equals);
    if (!out.insert_or_assign(key, text.substr(equals + 1)).second)
      warnings.push_back(fmt::format(
          "key '{}' is set more than once for '{}' option, the last value is used", key, name));
  }
  return out;
}

} // namespace

std::string_view part_for(std::string_view text, std::span<const std::string_view> names) {
  std::string_view found;
  for (const auto name : names) {
    if (!name.empty() && any_part(text, ";", [&](auto part) {
          found = part;
          return named(part, name);
        }))
      return trimmed(found.substr(found.find(": ") + 2));
  }
  any_part(text, ";", [&](auto part) {
    found = part.find(": ") == std::string_view::npos ? part : std::string_view{};
    return !found.empty();
  });
  return found;
}

bool among(std::string_view word, std::string_view choices) {
  return any_part(choices, "|", [&](auto one) { return one == word; });
}

result<value> parse_value(const option_row& row, std::string_view shown_name,
                          std::string_view allowed, const std::vector<std::string>& texts,
                          std::vector<std::string>& warnings) {
  value out;
  out.shown = texts;
  const complaint say{shown_name};
  const auto text = texts.empty() ? std::string{} : texts.front();
  switch (row.type) {
  case option_type::boolean:
    if (text != "y" && text != "n")
      return error{errc::option_invalid_value,
                   fmt::format("boolean option '{}' must be 'y' or 'n'", shown_name)};
    out.data = text == "y";
    return out;
  case option_type::integer:
  case option_type::size:
  case option_type::time: {
    auto number = checked_number(row.type, text, allowed, say);
    if (!number)
      return number.failure();
    out.data = *number;
    return out;
  }
  case option_type::bool_like:
  case option_type::path:
  case option_type::string:
  case option_type::choice: {
    auto checked = checked_text(row.type, text, allowed, say);
    if (!checked)
      return checked.failure();
    out.data = std::move(*checked);
    return out;
  }
  case option_type::list:
    out.data = texts;
    return out;
  case option_type::map: {
    auto pairs = parse_map(shown_name, texts, warnings);
    if (!pairs)
      return pairs.failure();
    out.data = std::move(*pairs);
    return out;
  }
  }
  return out;
}

} // namespace pgbraid::config
