// Help: what commands and options there are and how they are set.
// SPDX-License-Identifier: MIT
#include "cli/help/help.hpp"

#include "cli/help/completion.hpp"
#include "cli/help/exit_codes.hpp"
#include "cli/help/help_pages.hpp"
#include "cli/help/man_page.hpp"
#include "cli/help/option_pages.hpp"
#include "cli/help/wrapped.hpp"
#include "engine/base/version.hpp"
#include "engine/config/option_name.hpp"
#include "engine/config/suggestion.hpp"
#include "engine/config/value.hpp"
#include "engine/config/whole_configuration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::cli {

namespace {

using config::option_group;
using config::option_row;
using config::options_table;

constexpr size_t text_column = 36;
constexpr size_t command_column = 20;

/// Which file was read, or looked for: the first question of whoever wonders where a value is from.
std::string configuration_line(const config::options& opts) {
  constexpr size_t indent = 4;
  const std::string start = "Configuration:"; // a blank comes with the first word
  return "\n" + start + wrapped(config::configuration_in_words(opts) + ".", start.size(), indent) +
         "\n";
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
  return out + "\nUse 'pgbraid help [command]' for more information, and\n"
               "'pgbraid help exit-codes' for what an exit code means.\n"
               "'pgbraid help man-page' and 'pgbraid help completion' are for man and bash.\n";
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
    auto out = fmt::format("pgbraid {} - '{}' command help\n\n{}\nExamples:\n\n{}", version_text,
                           opts_.command_name(), about_command(), examples());
    for (size_t heading = 0; heading < headings.size(); ++heading) {
      std::string section;
      for (const auto row : sorted_rows()) {
        if (heading_of(options_table[row]) == heading && !hidden(row))
          section += option_line(row);
      }
      if (!section.empty())
        out += fmt::format("\n{} options:\n\n{}", headings[heading], section);
    }
    return out + unbuilt_line() +
           fmt::format("\nUse 'pgbraid help {} [option]' for more information.\n",
                       opts_.command_name());
  }

  /// The options that are refused, which the page of the command hides.
  std::string unbuilt_page() const {
    std::string names;
    for (const auto row : sorted_rows()) {
      if (hidden(row))
        names += fmt::format("{}{}", names.empty() ? "" : " ", options_table[row].name);
    }
    return fmt::format("pgbraid {} - '{}' command - options that are not supported yet\n\n{}\n\n"
                       "{}\n",
                       version_text, opts_.command_name(),
                       wrapped("Where they would change something, the command ends with exit "
                               "code 67. pgBackRest has them, on the same repository.",
                               0, 0),
                       wrapped(names, 0, 0));
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
    out += values_of(about) + examples_of(about);
    if (const auto now = current(row); !now.empty())
      out += fmt::format("\ncurrent: {}", wrapped(now, 9, 9));
    if (const auto by_default = fallback(about); !by_default.empty())
      out += fmt::format("\ndefault: {}", wrapped(by_default, 9, 9));
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
  /// The text of the page, a paragraph each.
  std::string about_command() const {
    std::string out;
    auto text = page_of(opts_.command()).text;
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      out += wrapped(text.substr(0, end), 0, 0) + "\n";
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
  }

  /// What is not built yet is shown as what the peer does on the same repository.
  std::string examples() const {
    const bool built = config::row_of(opts_.command()).built;
    std::string out;
    for (const auto& one : page_of(opts_.command()).examples)
      out +=
          fmt::format("  # {}\n  {} {}\n", one.what, built ? "pgbraid" : "pgbackrest", one.words);
    if (!built)
      out += "\n" +
             wrapped(fmt::format("This program does not support the '{}' command yet (exit "
                                 "code 67).",
                                 opts_.command_name()),
                     0, 0) +
             "\n";
    return out;
  }

  /// Whether every value that would change something is refused.
  bool hidden(size_t row) const {
    const auto& about = options_table[row];
    if (part(about.unbuilt) == "*")
      return true;
    if (about.needs.option.empty() ||
        !(about.needs.only_for.empty() || about.needs.only_for.contains(opts_.command())))
      return false;
    const auto on = config::find_option(about.needs.option);
    const auto missing = part(options_table[on].unbuilt);
    if (missing == "*")
      return about.needs.values != part(options_table[on].fallback);
    return hidden(on) || (!missing.empty() && !about.needs.values.empty() &&
                          all_among(about.needs.values, missing));
  }

  static bool all_among(std::string_view words, std::string_view list) {
    while (!words.empty()) {
      const auto end = std::min(words.find(" | "), words.size());
      if (!config::among(words.substr(0, end), list))
        return false;
      words.remove_prefix(std::min(end + 3, words.size()));
    }
    return true;
  }

  std::string unbuilt_line() const {
    size_t count = 0;
    for (const auto row : sorted_rows())
      count += hidden(row) ? 1 : 0;
    if (count == 0)
      return {};
    return "\n" +
           wrapped(fmt::format("{} more options are not supported yet: 'pgbraid help {} "
                               "not-supported' lists them.",
                               count, opts_.command_name()),
                   0, 0) +
           "\n";
  }

  /// How values are written and what each of a list means.
  std::string values_of(const option_row& about) const {
    const auto allowed = part(about.allowed);
    std::string out;
    if (const auto format = value_format(about, allowed); !format.empty())
      out += fmt::format("\nformat:  {}\n", wrapped(format, 9, 9));
    if (allowed.empty() || allowed.find("..") != std::string_view::npos)
      return out;
    out += "\nvalues:\n";
    for (auto rest = allowed; !rest.empty();) {
      const auto end = std::min(rest.find(" | "), rest.size());
      const auto value = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 3, rest.size()));
      auto text = std::string(value_meaning(about, opts_.command_name(), value));
      if (config::among(value, part(about.unbuilt)))
        text += " (not supported yet)";
      out += fmt::format("  {:<14}{}\n", value, wrapped(text, 16, 16));
    }
    return out;
  }

  std::string examples_of(const option_row& about) const {
    std::string out;
    for (const auto& value : value_examples(about, part(about.allowed))) {
      const bool quote = value.find_first_of(" *=") != std::string::npos;
      const auto name = config::shown_name({static_cast<uint16_t>(config::find_option(about.name)),
                                            about.group == option_group::none ? 0U : 1U});
      out += fmt::format("{}--{}={}{}{}\n", out.empty() ? "\nexample: " : "         ", name,
                         quote ? "\"" : "", value, quote ? "\"" : "");
    }
    return out;
  }

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
    if ((about.flags & config::own) || about.own_for.contains(opts_.command()))
      text += " (pgbraid only)";
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

std::string topic_page(std::string_view topic) {
  if (topic == "completion")
    return completion_script();
  return topic == "man-page" ? man_page() : exit_codes_page();
}

std::string number_of(unsigned major, unsigned minor, unsigned patch) {
  return fmt::format("{}", major * 1'000'000 + minor * 1'000 + patch);
}

} // namespace

result<std::string> help_text(const config::options& opts) {
  if (opts.command() == config::command_id::help)
    return opts.parameters().empty() ? general_help() + configuration_line(opts)
                                     : topic_page(opts.parameters().front());
  const option_help help(opts);
  if (opts.parameters().empty())
    return help.command_page() + configuration_line(opts);
  if (opts.parameters().front() == "not-supported")
    return help.unbuilt_page();
  return help.option_page(opts.parameters().front());
}

std::string version_output(const config::options& opts, bool as_peer) {
  if (opts.text("output") == "num")
    return as_peer ? number_of(peer_major, peer_minor, peer_patch)
                   : number_of(version_major, version_minor, version_patch);
  if (as_peer)
    return fmt::format("pgBackRest {}\n", peer_version_text);
  return fmt::format("pgbraid {} (compatible with pgBackRest {})\n", version_text,
                     peer_version_text);
}

bool called_as_peer(std::string_view called_as) {
  return called_as.substr(called_as.find_last_of('/') + 1) == "pgbackrest";
}

} // namespace pgbraid::cli
