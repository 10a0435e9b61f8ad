// Help: what commands and options there are and how they are set.
// SPDX-License-Identifier: MIT
#include "cli/help.hpp"

#include "engine/base/version.hpp"
#include "engine/config/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace pgbraid::cli {

namespace {

using config::option_group;
using config::option_row;
using config::options_table;

constexpr size_t width = 80;
constexpr size_t text_column = 36;
constexpr size_t command_column = 20;

/// The words of `text` in lines that end before `width`, each but the first after `indent` spaces.
std::string wrapped(std::string_view text, size_t column, size_t indent) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (column > indent && column + 1 + word.size() > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

std::string general_help() {
  auto out = fmt::format("pgbraid {} - General help\n\nUsage:\n    pgbraid [options] [command]\n\n"
                         "Commands:\n",
                         version_text);
  for (const auto& row : config::commands) {
    if (!row.internal)
      out += fmt::format(
          "    {:16}{}\n", row.name,
          wrapped(fmt::format("{}{}", row.help, row.built ? "" : " (not supported yet)"),
                  command_column, command_column));
  }
  return out + "\nUse 'pgbraid help [command]' for more information.\n";
}

constexpr std::array<std::string_view, 5> headings = {"Command", "General", "Log", "PostgreSQL",
                                                      "Repository"};

/// Under which heading an option stands.
size_t heading_of(const option_row& row) {
  if (row.group == option_group::pg)
    return 3;
  if (row.group == option_group::repo)
    return 4;
  if (row.name.starts_with("log-"))
    return 2;
  const bool everywhere = row.commands == config::rows::all_commands ||
                          row.commands == config::rows::working_commands ||
                          row.commands == config::rows::repo_commands;
  return everywhere ? 1 : 0;
}

/// A line of the tables as a sentence.
std::string sentence(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out.front() >= 'a' && out.front() <= 'z')
    out.front() = static_cast<char>(out.front() - 'a' + 'A');
  return wrapped(out + ".", 0, 0);
}

class option_help {
public:
  explicit option_help(const config::options& opts) : opts_(opts) {}

  std::string command_page() const {
    auto out = fmt::format("pgbraid {} - '{}' command help\n\n{}\n", version_text,
                           opts_.command_name(), sentence(config::row_of(opts_.command()).help));
    for (size_t heading = 0; heading < headings.size(); ++heading) {
      std::string section;
      for (const auto row : sorted_rows()) {
        if (heading_of(options_table[row]) == heading)
          section += option_line(row);
      }
      if (!section.empty())
        out += fmt::format("\n{} options:\n\n{}", headings[heading], section);
    }
    return out + fmt::format("\nUse 'pgbraid help {} [option]' for more information.\n",
                             opts_.command_name());
  }

  result<std::string> option_page(const std::string& name) const {
    auto row = config::find_option(config::split_key(name).base);
    if (row == options_table.size() || !options_table[row].commands.contains(opts_.command())) {
      return error{
          errc::option_invalid,
          fmt::format("option '{}' is not valid for command '{}'", name, opts_.command_name()),
          config::did_you_mean("", config::nearest_option(name))};
    }
    const auto& about = options_table[row];
    const auto title = fmt::format("pgbraid {} - '{}' command - '{}' option help", version_text,
                                   opts_.command_name(), about.name);
    auto out = fmt::format("{}\n\n{}\n", wrapped(title, 0, 0), sentence(about.help));
    if (const auto allowed = part(about.allowed); !allowed.empty())
      out += fmt::format("\nallowed: {}\n", wrapped(allowed, 9, 9));
    if (const auto now = current(row); !now.empty())
      out += fmt::format("\ncurrent: {}", now);
    if (const auto by_default = fallback(about); !by_default.empty())
      out += fmt::format("\ndefault: {}", by_default);
    if (!about.unbuilt.empty() && !part(about.unbuilt).empty())
      out += fmt::format("\nnot supported yet: {}",
                         part(about.unbuilt) == "*" ? "any other value" : part(about.unbuilt));
    for (const auto& old : config::deprecated_table) {
      if (old.option == about.name && old.name != about.name)
        out += fmt::format("\ndeprecated name: {}", old.name);
    }
    return out + "\n";
  }

private:
  std::vector<size_t> sorted_rows() const {
    std::vector<size_t> out;
    for (size_t row = 0; row < options_table.size(); ++row) {
      const auto& about = options_table[row];
      if (about.commands.contains(opts_.command()) && !(about.flags & config::internal))
        out.push_back(row);
    }
    std::sort(out.begin(), out.end(),
              [](size_t a, size_t b) { return options_table[a].name < options_table[b].name; });
    return out;
  }

  std::string option_line(size_t row) const {
    const auto& about = options_table[row];
    auto text = std::string(about.help);
    std::string values;
    if (const auto now = current(row); !now.empty())
      values = "current=" + now;
    if (const auto by_default = fallback(about); !by_default.empty())
      values += fmt::format("{}default={}", values.empty() ? "" : ", ", by_default);
    if (!values.empty())
      text += fmt::format(" [{}]", values);
    auto out = fmt::format("  --{:<{}}", about.name, text_column - 4);
    if (out.size() > text_column)
      out += "\n" + std::string(text_column, ' ');
    return out + wrapped(text, text_column, text_column) + "\n";
  }

  std::string_view part(std::string_view text) const {
    const std::array<std::string_view, 1> names = {opts_.command_name()};
    return config::part_for(text, names);
  }

  std::string fallback(const option_row& row) const {
    const auto text = part(row.fallback);
    return text == "<program>" ? opts_.program() : std::string(text);
  }

  /// What users set, `<multi>` where it differs between keys.
  std::string current(size_t row) const {
    std::string out;
    for (size_t i = 0; i < opts_.position_count(row); ++i) {
      if (opts_.source_at(row, i) == config::value_source::fallback)
        continue;
      const auto here = opts_.shown(row, i);
      if (!out.empty() && out != here)
        return "<multi>";
      out = here;
    }
    return out;
  }

  const config::options& opts_;
};

} // namespace

result<std::string> help_text(const config::options& opts) {
  if (opts.command() == config::command_id::help)
    return general_help();
  const option_help help(opts);
  if (opts.parameters().empty())
    return help.command_page();
  return help.option_page(opts.parameters().front());
}

std::string version_output(const config::options& opts) {
  if (opts.text("output") == "num")
    return fmt::format("{}", version_major * 1'000'000 + version_minor * 1'000 + version_patch);
  return fmt::format("pgbraid {}\n", version_text);
}

} // namespace pgbraid::cli
