// Files in TOML.
// SPDX-License-Identifier: MIT
#include "engine/config/toml.hpp"

#include "engine/config/shown_text.hpp"
#include "engine/config/suggestion.hpp"
#include "engine/config/toml_cure.hpp"
#include "engine/config/toml_library.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace pgbraid::config {

namespace {

/// Walks the tables of one file.
class toml_reader {
public:
  explicit toml_reader(const std::string& file) : file_(file) {}

  std::string place(const toml::source_region& at) const {
    return fmt::format("file '{}' line {}, column {}", file_, at.begin.line, at.begin.column);
  }

  result<std::vector<file_entry>> read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const auto* table = node.as_table();
      if (!table)
        return fail(errc::format, key.source(),
                    fmt::format("'{}' stands outside of a section", shown_key(key.str())),
                    "write the line [global] or the one of a stanza, such as [demo], above it.");
      if (auto done = read_section(std::string(key.str()), *table); !done)
        return done.failure();
    }
    return std::move(out_);
  }

private:
  static std::string cure_of_name(const std::string& name) {
    auto odd = odd_characters(name);
    return odd.empty() ? did_you_mean("", nearest_option(name)) : odd;
  }

  error fail(errc code, const toml::source_region& at, std::string_view what,
             std::string hint = {}) const {
    return {code, fmt::format("{}: {}", place(at), what), std::move(hint)};
  }

  result<void> read_section(const std::string& section, const toml::table& keys) {
    for (const auto& [key, node] : keys) {
      const std::string name(key.str());
      // [demo.backup] is the section demo:backup.
      const bool command = node.is_table() && find_command(name) && !section.ends_with(':') &&
                           section.find(':') == std::string::npos;
      auto done = command ? read_section(section + ":" + name, *node.as_table())
                          : read_key(section, key, node);
      if (!done)
        return done;
    }
    return success();
  }

  result<void> read_key(const std::string& section, const toml::key& key, const toml::node& node) {
    const std::string name(key.str());
    auto found = find_name(name, false);
    if (!found)
      return found.failure().within(place(key.source()));
    if (!*found || (*found)->form != name_form::plain)
      return fail(errc::option_invalid, key.source(),
                  fmt::format("unknown option '{}'", shown_key(name)), cure_of_name(name));
    file_entry entry{section, name, {}, place(key.source()), true};
    const auto& row = (*found)->ref.table_row();
    auto texts = row.type == option_type::map ? pairs(name, node) : values(row, name, node);
    if (!texts)
      return texts.failure();
    if (texts->empty())
      return success(); // an empty array or table says nothing
    entry.texts = std::move(*texts);
    out_.push_back(std::move(entry));
    return success();
  }

  result<std::vector<std::string>> values(const option_row& row, const std::string& name,
                                          const toml::node& node) const {
    std::vector<std::string> out;
    const auto add = [&](const toml::node& one) -> result<void> {
      auto text = scalar(row.type, name, one);
      if (!text)
        return text.failure();
      out.push_back(std::move(*text));
      return success();
    };
    const auto* array = node.as_array();
    if (!array || row.type != option_type::list) {
      if (auto done = add(node); !done)
        return done.failure();
      return out;
    }
    for (const auto& one : *array) {
      if (auto done = add(one); !done)
        return done.failure();
    }
    return out;
  }

  result<std::vector<std::string>> pairs(const std::string& name, const toml::node& node) const {
    const auto* table = node.as_table();
    if (!table)
      return fail(errc::option_invalid_value, node.source(),
                  fmt::format("option '{}' takes a table", name),
                  toml_example(name, option_type::map));
    std::vector<std::string> out;
    for (const auto& [key, one] : *table) {
      auto text = scalar(option_type::string, name, one);
      if (!text)
        return text.failure();
      out.push_back(fmt::format("{}={}", key.str(), *text));
    }
    return out;
  }

  /// The text that an INI file would have for the same value.
  result<std::string> scalar(option_type type, const std::string& name,
                             const toml::node& node) const {
    const bool yes_or_no = type == option_type::boolean || type == option_type::bool_like;
    if (const auto* flag = node.as_boolean(); flag && (yes_or_no || type == option_type::string))
      return std::string(flag->get() ? (yes_or_no ? "y" : "true") : (yes_or_no ? "n" : "false"));
    if (const auto* number = node.as_integer(); number && !yes_or_no)
      return std::to_string(number->get());
    if (const auto* text = node.as_string(); text && type != option_type::boolean) {
      if (text->get().empty() || text->get().find('\0') != std::string::npos)
        return fail(errc::option_invalid_value, node.source(),
                    fmt::format("option '{}' must have a value", name));
      return text->get();
    }
    return fail(errc::option_invalid_value, node.source(),
                fmt::format("option '{}' takes {}", name, expected(type)),
                toml_example(name, type));
  }

  static std::string_view expected(option_type type) {
    switch (type) {
    case option_type::boolean:
      return "true or false";
    case option_type::bool_like:
      return "true, false or a string";
    case option_type::integer:
      return "an integer";
    case option_type::size:
    case option_type::time:
      return "an integer, or a string with a unit";
    case option_type::list:
      return "an array of strings";
    default:
      return "a string";
    }
  }

  const std::string& file_;
  std::vector<file_entry> out_ = {};
};

/// What the parser found, without the one text that repeats a value (which may be a secret).
std::string description_of(const toml::parse_error& problem) {
  const auto text = problem.description();
  if (text.find("not representable") != std::string_view::npos)
    return "number does not fit 64 bits";
  return std::string(text);
}

/// The line of this number, counted from 1.
std::string_view line_of(std::string_view text, size_t number) {
  for (; number > 1; --number)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find_first_of("\r\n"));
}

error unreadable(std::string_view text, const toml::parse_error& problem,
                 const toml_reader& reader) {
  const auto line = line_of(text, problem.source().begin.line);
  auto out = error{errc::format,
                   fmt::format("{}: {}", reader.place(problem.source()), description_of(problem)),
                   fmt::format("the line is: {}", shown_line(line))};
  if (const auto cure = toml_cure(line); !cure.empty())
    out.hint += "\n" + cure;
  return out;
}

} // namespace

result<std::vector<file_entry>> parse_toml(std::string_view text, const std::string& file) {
  toml_reader reader(file);
  const auto parsed = toml::parse(text, std::string_view(file));
  if (!parsed)
    return unreadable(text, parsed.error(), reader);
  return reader.read(parsed.table());
}

} // namespace pgbraid::config
