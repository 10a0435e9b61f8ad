// The manual page.
// SPDX-License-Identifier: MIT
#include "cli/help/man_page.hpp"

#include "cli/help/exit_codes.hpp"
#include "cli/help/help_pages.hpp"
#include "engine/base/version.hpp"
#include "engine/config/option_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace pgbraid::cli {

namespace {

using config::option_group;
using config::option_row;
using config::option_type;
using config::options_table;

/// Text that troff shows as it is: a backslash begins a request of its own, and so does a point or
/// an apostrophe at the begin of a line; quotes hold words of a macro together.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
      out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '"')
      out += "\\(dq";
    else
      out += c;
  }
  return out;
}

/// Paragraphs that stand in lines of their own.
std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += (out.empty() ? "" : ".IP\n") + shown(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string commands_section() {
  std::string out = ".SH COMMANDS\n";
  for (const auto& command : config::commands) {
    if (!command.is_offered())
      continue;
    const auto& page = page_of(command.id);
    out += fmt::format(".TP\n.B {}\n{}", shown(command.name), paragraphs(page.text));
    for (const auto& one : page.examples)
      out += fmt::format(".IP\n.B {}\n.br\n{}\n", shown(fmt::format("pgbraid {}", one.words)),
                         shown(one.what));
  }
  return out;
}

/// `--repo<N>-path`, as any key may stand there.
std::string name_of(const option_row& option) {
  std::string name = "--" + std::string(option.name);
  if (option.group != option_group::none)
    name.insert(name.find('-', 2), "<N>");
  return name;
}

std::string commands_of(const option_row& option) {
  std::vector<std::string_view> names;
  size_t all = 0;
  for (const auto& command : config::commands) {
    if (!command.is_offered())
      continue;
    ++all;
    if (option.commands.contains(command.id))
      names.push_back(command.name);
  }
  return names.size() == all ? "every command" : fmt::format("{}", fmt::join(names, ", "));
}

std::string option_entry(const option_row& option) {
  const bool is_switch = option.type == option_type::boolean;
  auto out = fmt::format(".TP\n.B {}{}\n{}\n", shown(name_of(option)), is_switch ? "" : "=...",
                         shown(option.help));
  const auto line = [&](std::string_view what, std::string_view text) {
    if (!text.empty())
      out += fmt::format(".br\n{} {}\n", what, shown(text));
  };
  line("Values:", option.allowed);
  line("Default:", option.fallback == "<program>" ? "" : option.fallback);
  line("Commands:", commands_of(option));
  line("Not supported yet:", option.unbuilt == "*" ? "any value but the default" : option.unbuilt);
  if (option.flags & config::own)
    out += ".br\npgBackRest does not have it.\n";
  return out;
}

std::string options_section() {
  std::vector<const option_row*> rows;
  for (const auto& option : options_table)
    if (!(option.flags & config::internal) && !commands_of(option).empty())
      rows.push_back(&option);
  std::ranges::sort(rows, {}, [](const option_row* one) { return one->name; });
  std::string out =
      ".SH OPTIONS\nIn a configuration file they stand without the two hyphens, in the "
      "environment as in PGBRAID_REPO1_PATH.\n";
  for (const auto* one : rows)
    out += option_entry(*one);
  return out;
}

std::string exit_section() {
  std::string out = ".SH EXIT STATUS\n";
  for (int code = 0; code < 256; ++code)
    if (const auto meaning = exit_code_meaning(code); !meaning.empty())
      out += fmt::format(".TP\n.B {}\n{}\n", code, shown(meaning));
  return out;
}

} // namespace

std::string man_page() {
  return fmt::format(".TH PGBRAID 1 \"\" \"pgbraid {}\"\n", version_text) +
         ".SH NAME\npgbraid \\- back up, archive and restore PostgreSQL\n"
         ".SH SYNOPSIS\n.B pgbraid\n[options] command [parameters]\n"
         ".SH DESCRIPTION\nBacks up, archives and restores PostgreSQL in the repositories that "
         "pgBackRest has, and in both directions.\n" +
         commands_section() + options_section() +
         ".SH FILES\n.TP\n.I /etc/pgbraid/pgbraid.toml\nThe configuration.\n.TP\n"
         ".I /etc/pgbackrest/pgbackrest.conf\nThat of pgBackRest, which is read where there is no "
         "other.\n" +
         exit_section();
}

} // namespace pgbraid::cli
