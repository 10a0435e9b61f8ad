// Completion of command lines.
// SPDX-License-Identifier: MIT
#include "cli/help/completion.hpp"

#include "engine/config/option_name.hpp"
#include "engine/config/option_table.hpp"
#include "engine/config/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace pgbraid::cli {

namespace {

using config::command_row;
using config::option_group;
using config::option_row;
using config::option_type;
using config::options_table;

std::string_view part(std::string_view text, const command_row& command) {
  return config::part_for(text, std::array{command.name});
}

bool is_offered(const option_row& option, const command_row& command) {
  return option.commands.contains(command.id) && !(option.flags & config::internal) &&
         part(option.unbuilt, command) != "*";
}

/// As it is typed, of the first of a group: `--repo1-path=`, `--delta --no-delta`.
std::string typed(const option_row& option) {
  const auto row = static_cast<uint16_t>(config::find_option(option.name));
  const auto name =
      config::shown_name({.row = row, .key = option.group == option_group::none ? 0U : 1U});
  if (option.type != option_type::boolean)
    return "--" + name + "=";
  return "--" + name + (option.flags & config::negatable ? " --no-" + name : "");
}

/// Of `a | b | c`, with blanks between them; of anything else nothing.
std::string words_of_list(std::string_view allowed) {
  if (allowed.find("..") != std::string_view::npos)
    return {};
  std::string out(allowed);
  std::erase(out, '|');
  const auto doubled = [](char a, char b) { return a == ' ' && b == ' '; };
  out.erase(std::ranges::unique(out, doubled).begin(), out.end());
  return out;
}

/// A line of a `case`.
std::string line_of(std::string_view pattern, std::string_view words) {
  return fmt::format("  {}) echo '{}' ;;\n", pattern, words);
}

std::string options_of_commands() {
  std::string out = "_pgbraid_options() {\n  case $1 in\n";
  std::string all;
  for (const auto& option : options_table)
    if (!(option.flags & config::internal))
      all += (all.empty() ? "" : " ") + typed(option);
  for (const auto& command : config::commands) {
    if (!command.is_offered())
      continue;
    std::string words;
    for (const auto& option : options_table)
      if (is_offered(option, command))
        words += (words.empty() ? "" : " ") + typed(option);
    out += line_of(command.name, words);
  }
  return out + line_of("''", all) + "  esac\n}\n";
}

std::string values_of_options() {
  std::string out = "_pgbraid_values() {\n  case $1:$2 in\n";
  for (const auto& option : options_table)
    for (const auto& command : config::commands)
      if (command.is_offered() && is_offered(option, command))
        if (const auto words = words_of_list(part(option.allowed, command)); !words.empty())
          out += line_of(fmt::format("{}:{}", command.name, option.name), words);
  return out + "  esac\n}\n";
}

std::string commands_and_topics() {
  std::string commands;
  for (const auto& command : config::commands)
    if (command.is_offered())
      commands += fmt::format("{}{}", commands.empty() ? "" : " ", command.name);
  return fmt::format("_pgbraid_commands='{}'\n_pgbraid_topics='{}'\n", commands,
                     fmt::join(config::help_topics, " "));
}

/// Bash makes `=` a word of its own. What stands behind other commands are paths, or a name.
constexpr std::string_view rules = R"sh(
_pgbraid() {
  local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= option= words key i
  if [[ $cur == = ]]; then
    option=$before cur=
  elif [[ $before == = ]]; then
    option=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == [-=]* || ${COMP_WORDS[i-1]} == = ]] || { command=${COMP_WORDS[i]}; break; }
  done
  if [[ -n $option ]]; then
    option=${option#--}
    [[ $option =~ ^(repo|pg)[0-9]+(-.*)$ ]] && option=${BASH_REMATCH[1]}${BASH_REMATCH[2]}
    words=$(_pgbraid_values "$command" "$option")
    if [[ -n $words ]]; then
      mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    else
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
  elif [[ $cur == -* ]]; then
    words=$(_pgbraid_options "$command")
    if [[ $cur =~ ^--(no-)?(repo|pg)([0-9]+)- ]]; then
      key=${BASH_REMATCH[2]}
      words=${words//"$key"1-/"$key${BASH_REMATCH[3]}"-}
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
  elif [[ -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$_pgbraid_commands" -- "$cur")
  elif [[ $command == help && $before == help ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$_pgbraid_commands $_pgbraid_topics" -- "$cur")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}
complete -F _pgbraid pgbraid
)sh";

} // namespace

std::string completion_script() {
  return "# Completion for bash, made by 'pgbraid help completion'.\n" + commands_and_topics() +
         options_of_commands() + values_of_options() + std::string(rules);
}

} // namespace pgbraid::cli
