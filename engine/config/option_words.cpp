// Options as words: the begin line, and what another command of this program is started with.
// Source: engine/config/README.md, section 13; cli/command/README.md, section 1.3.
// SPDX-License-Identifier: MIT
#include "engine/base/shell_word.hpp"
#include "engine/base/version.hpp"
#include "engine/config/option_name.hpp"
#include "engine/config/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <system_error>

namespace pgbraid::config {

namespace {

/// Rows of the table in alphabetical order.
std::vector<size_t> rows_by_name() {
  std::vector<size_t> out(options_table.size());
  std::iota(out.begin(), out.end(), size_t{0});
  std::sort(out.begin(), out.end(),
            [](size_t a, size_t b) { return options_table[a].name < options_table[b].name; });
  return out;
}

std::string quoted(const std::string& text) {
  return text.find(' ') == std::string::npos ? text : fmt::format("\"{}\"", text);
}

std::string for_shell(const std::string& text) {
  return shell_word(text);
}

void add_words(const std::string& name, const option_row& row, const value& from,
               std::string (*quote)(const std::string&), std::vector<std::string>& out) {
  const auto* flag = std::get_if<bool>(&from.data);
  if (from.reset)
    out.push_back("--reset-" + name);
  else if (from.negated || (flag && !*flag))
    out.push_back("--no-" + name);
  else if (flag)
    out.push_back("--" + name);
  else if (row.flags & secure)
    out.push_back(fmt::format("--{}=<redacted>", name));
  else
    for (const auto& text : from.shown)
      out.push_back(fmt::format("--{}={}", name, quote(text)));
}

/// What the other command finds out for itself, or must not inherit.
bool stays_here(std::string_view name) {
  return name == "exec-id" || name.starts_with("job-retry") || name.starts_with("log-") ||
         name == "process-max" || name == "cmd";
}

/// A background process has its own.
bool said_anew(std::string_view name) {
  return name == "exec-id" || name == "log-level-console" || name == "log-level-stderr";
}

/// Needed by the other command wherever it came from: what it reads its options by.
bool locates(std::string_view name) {
  return name == "stanza" || name.starts_with("config");
}

/// The other command will run in another directory, so a relative file name would mean another
/// file.
value made_absolute(value location) {
  for (auto& path : location.shown) {
    std::error_code failed;
    if (const auto absolute = std::filesystem::absolute(path, failed); !failed)
      path = absolute.string();
  }
  return location;
}

} // namespace

std::string options::begin_line() const {
  std::vector<std::string> words;
  for (const auto row : rows_by_name()) {
    for (size_t i = 0; i < position_count(row); ++i) {
      const auto& value = at(row, i);
      if (value.source != value_source::fallback || value.reset)
        add_words(shown_name(ref_at(row, i)), options_table[row], value, quoted, words);
    }
  }
  std::string parameters;
  for (const auto& one : parameters_)
    parameters += fmt::format("{}{}", parameters.empty() ? "" : ", ", quoted(one));
  auto out =
      fmt::format("{}{} command begin {}:", command_name(), role_suffix(role_), version_text);
  if (!parameters.empty())
    out += fmt::format(" [{}]", parameters);
  for (const auto& word : words)
    out += " " + word;
  return out;
}

std::vector<std::string> options::words_for(command_id other) const {
  std::vector<std::string> out;
  for (const auto row : rows_by_name()) {
    const auto& about = options_table[row];
    if (!about.commands.contains(other) || (about.flags & (secure | own)) || stays_here(about.name))
      continue;
    for (size_t i = 0; i < position_count(row); ++i) {
      const auto& value = at(row, i);
      const bool set = value.source != value_source::fallback && locates(about.name);
      if (set || value.source == value_source::command_line || value.reset)
        add_words(shown_name(ref_at(row, i)), about,
                  about.name == "config" ? made_absolute(value) : value, for_shell, out);
    }
  }
  return out;
}

std::vector<std::string> options::words_in_background(command_and_role who) const {
  const auto as_it_is = [](const std::string& text) { return text; };
  std::vector<std::string> out = {"--log-level-console=off", "--log-level-stderr=off"};
  for (const auto row : rows_by_name()) {
    const auto& about = options_table[row];
    if (!about.known_to(who) || said_anew(about.name))
      continue;
    for (size_t i = 0; i < position_count(row); ++i) {
      const auto& value = at(row, i);
      // It does not start in this directory, and the environment may name files relative to it.
      const bool place = about.name.starts_with("config");
      if (value.source == value_source::command_line || value.reset ||
          (place && value.source != value_source::fallback))
        add_words(shown_name(ref_at(row, i)), about, place ? made_absolute(value) : value, as_it_is,
                  out);
    }
  }
  out.push_back(std::string(row_of(who.command).name) + std::string(role_suffix(who.role)));
  return out;
}

std::vector<std::string>
options::background_words(const std::vector<std::string>& parameters) const {
  auto out = words_in_background({command_, command_role::async});
  out.insert(out.end(), parameters.begin(), parameters.end());
  return out;
}

std::vector<std::string> options::background_words_for(command_id other) const {
  return words_in_background({other, command_role::main});
}

std::string options::shown(size_t row, size_t position) const {
  const auto& value = at(row, position);
  if (!value.has_value())
    return {};
  if (options_table[row].flags & secure)
    return "<redacted>";
  std::string out;
  for (const auto& text : value.shown)
    out += fmt::format("{}{}", out.empty() ? "" : ", ", text);
  return out;
}

} // namespace pgbraid::config
