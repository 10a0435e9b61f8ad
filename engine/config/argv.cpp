// The command line: syntax of options, names, the command.
// Source: engine/config/README.md, section 6.
// SPDX-License-Identifier: MIT
#include "engine/config/sources.hpp"
#include "engine/config/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::config {

namespace {

error invalid(std::string message, std::string hint = {}) {
  return {errc::option_invalid, std::move(message), std::move(hint)};
}

/// Exact names, or beginnings that only one command has.
result<command_id> command_named(std::string_view name) {
  if (const auto exact = find_command(name))
    return *exact;
  const auto begins = [&](const command_row& row) { return row.name.starts_with(name); };
  const auto count = std::count_if(commands.begin(), commands.end(), begins);
  if (count == 1 && !name.empty())
    return std::find_if(commands.begin(), commands.end(), begins)->id;
  return error{errc::command_invalid, fmt::format("invalid command '{}'", name),
               did_you_mean("", nearest_command(name))};
}

bool has_role(command_id command, std::string_view role) {
  const auto archive = rows::archive_get | rows::archive_push;
  if (role == "async")
    return archive.contains(command);
  if (role == "local")
    return rows::job_commands.contains(command);
  return rows::repo_commands.contains(command);
}

result<command_and_role> command_word(std::string_view word) {
  const auto colon = word.find(':');
  auto command = command_named(word.substr(0, colon));
  if (!command)
    return command.failure();
  if (colon == std::string_view::npos)
    return command_and_role{*command, command_role::main};
  const auto role = word.substr(colon + 1);
  if (role != "async" && role != "local" && role != "remote")
    return error{errc::command_invalid, fmt::format("invalid command role '{}'", role)};
  if (!has_role(*command, role))
    return error{errc::command_invalid, fmt::format("invalid command/role combination '{}:{}'",
                                                    row_of(*command).name, role)};
  if (role == "remote")
    return command_and_role{*command, command_role::remote};
  if (role == "async")
    return command_and_role{*command, command_role::async};
  return error{errc::feature_not_supported, fmt::format("the '{}:{}' command is not supported yet",
                                                        row_of(*command).name, role)};
}

/// Reads the words one after the other.
class argument_reader {
public:
  explicit argument_reader(const std::vector<std::string>& args) : args_(args) {}

  result<command_line> read() {
    for (; next_ < args_.size(); ++next_) {
      const auto& word = args_[next_];
      auto done = word.starts_with('-') ? read_option(word) : read_word(word);
      if (!done)
        return done.failure();
    }
    return finish();
  }

private:
  result<void> read_word(const std::string& word) {
    if (has_command_) {
      out_.parameters.push_back(word);
      return success();
    }
    auto command = command_word(word);
    if (!command)
      return command.failure();
    has_command_ = true;
    out_.command = command->command;
    out_.role = command->role;
    return success();
  }

  result<void> read_option(std::string_view word) {
    if (word == "-h")
      word = "--help";
    if (!word.starts_with("--"))
      return invalid(fmt::format("option '{}' must begin with --", word.substr(0, word.find('='))));
    const auto equals = word.find('=');
    const auto name = word.substr(2, equals == word.npos ? word.npos : equals - 2);
    auto found = find_name(name, true);
    if (!found)
      return found.failure();
    if (!*found)
      return invalid(fmt::format("invalid option '--{}'", name),
                     did_you_mean("--", nearest_option(name)));
    const auto argument = equals == word.npos ? std::optional<std::string>{}
                                              : std::optional(std::string(word.substr(equals + 1)));
    if ((*found)->form == name_form::plain)
      return set((*found)->ref, name, argument);
    return unset(**found, name, argument);
  }

  /// `--no-x` and `--reset-x`.
  result<void> unset(const found_name& found, std::string_view name,
                     const std::optional<std::string>& argument) {
    const auto& row = found.ref.table_row();
    const bool negate = found.form == name_form::negate;
    if (!(row.flags & (negate ? negatable : resettable)))
      return invalid(fmt::format("option '{}' cannot be {}", name, negate ? "negated" : "reset"));
    if (argument)
      return invalid(fmt::format("option '{}' does not allow an argument", name));
    const auto shown = shown_name(found.ref);
    auto& here = out_.given[found.ref];
    if (negate ? here.negated : here.reset)
      return invalid(
          fmt::format("option '{}' is {} multiple times", shown, negate ? "negated" : "reset"));
    if (negate ? here.reset : here.negated)
      return invalid(fmt::format("option '{}' cannot be negated and reset", shown));
    if (!here.texts.empty())
      return invalid(
          fmt::format("option '{}' cannot be set and {}", shown, negate ? "negated" : "reset"));
    here.source = value_source::command_line;
    (negate ? here.negated : here.reset) = true;
    return success();
  }

  result<void> set(option_ref ref, std::string_view name, std::optional<std::string> argument) {
    const auto& row = ref.table_row();
    const auto shown = shown_name(ref);
    if (row.flags & secure)
      return invalid(
          fmt::format("option '{}' is not allowed on the command-line", shown),
          "this option could expose secrets in the process list.\n"
          "specify the option in a configuration file or an environment variable instead.");
    auto text = argument_of(row, name, std::move(argument));
    if (!text)
      return text.failure();
    auto& here = out_.given[ref];
    if (here.negated || here.reset)
      return invalid(fmt::format("option '{}' cannot be set and {}", shown,
                                 here.negated ? "negated" : "reset"));
    if (!here.texts.empty() && !(row.flags & repeatable))
      return invalid(fmt::format("option '{}' cannot be set multiple times", shown));
    here.source = value_source::command_line;
    here.texts.push_back(std::move(*text));
    return success();
  }

  /// The argument after `=`, the next word, or y for what can stand alone.
  result<std::string> argument_of(const option_row& row, std::string_view name,
                                  std::optional<std::string> argument) {
    if (row.type == option_type::boolean) {
      if (argument && *argument != "y" && *argument != "n")
        return error{errc::option_invalid_value,
                     fmt::format("boolean option '--{}' argument must be 'y' or 'n'", name)};
      return argument.value_or("y");
    }
    if (argument)
      return std::move(*argument);
    if (row.type == option_type::bool_like)
      return std::string("y");
    if (next_ + 1 == args_.size())
      return invalid(fmt::format("option '--{}' requires an argument", name));
    return args_[++next_];
  }

  bool take_flag(const char* name) {
    const auto found = out_.given.find({static_cast<uint16_t>(find_option(name)), 0});
    if (found == out_.given.end())
      return false;
    const bool on = !found->second.texts.empty() && found->second.texts.front() == "y";
    out_.given.erase(found);
    return on;
  }

  result<command_line> finish() {
    const bool wants_help = take_flag("help");
    if (take_flag("version") && !wants_help) {
      out_ = {};
      out_.command = command_id::version;
      return std::move(out_);
    }
    if (!has_command_ && !wants_help && !args_.empty())
      return error{errc::command_required, "no command found"};
    if (has_command_ && out_.command == command_id::help)
      return help_line();
    if (out_.command == command_id::version)
      forget_locations();
    if (wants_help && !out_.parameters.empty())
      return error{errc::param_invalid, "command does not allow parameters",
                   "help on one option is: help [command] [option]."};
    if (wants_help || !has_command_) {
      out_.help = true;
      return std::move(out_);
    }
    if (!out_.parameters.empty() && !row_of(out_.command).parameters)
      return error{errc::param_invalid, "command does not allow parameters"};
    return std::move(out_);
  }

  /// Tools that ask for the version name a configuration as for every other command, which the peer
  /// took up to 2.59. Nothing is read for the version.
  void forget_locations() {
    for (const auto* name : {"config", "config-path", "config-include-path"})
      out_.given.erase({static_cast<uint16_t>(find_option(name)), 0});
  }

  /// `help [topic]` and `help [command [option]]`: the latter becomes help on that command, with
  /// the option as parameter.
  result<command_line> help_line() {
    out_.help = true;
    if (out_.parameters.empty())
      return std::move(out_);
    if (out_.parameters.size() == 1 &&
        std::ranges::find(help_topics, out_.parameters.front()) != help_topics.end())
      return std::move(out_);
    auto command = command_named(out_.parameters.front());
    if (!command)
      return command.failure();
    if (out_.parameters.size() > 2)
      return error{errc::param_invalid, "only one option allowed for option help"};
    out_.command = *command;
    out_.parameters.erase(out_.parameters.begin());
    return std::move(out_);
  }

  const std::vector<std::string>& args_;
  size_t next_ = 0;
  bool has_command_ = false;
  command_line out_ = {};
};

} // namespace

result<command_line> parse_command_line(const std::vector<std::string>& args) {
  return argument_reader(args).read();
}

} // namespace pgbraid::config
