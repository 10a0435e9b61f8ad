// What an archive_command says and a configuration does not.
// SPDX-License-Identifier: MIT
#include "engine/config/sources.hpp"
#include "engine/config/whole_configuration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace pgbraid::config {

namespace {

constexpr std::string_view push = "archive-push";

/// Words as a shell makes them of quotes and backslashes; operators are words of their own. Nothing
/// where only the shell knows (`$X`, `` `x` ``).
std::optional<std::vector<std::string>> shell_words(std::string_view text) {
  constexpr std::string_view operators = "&|;<>()";
  std::vector<std::string> out;
  std::string word;
  bool in_word = false;
  char quote = 0;
  const auto end_word = [&] {
    if (in_word)
      out.push_back(word);
    word.clear();
    in_word = false;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\'' && (c == '$' || c == '`'))
      return std::nullopt;
    if (quote != 0 ? c == quote : c == '\'' || c == '"') {
      quote = quote != 0 ? '\0' : c;
      in_word = true;
    } else if (quote != '\'' && c == '\\' && i + 1 < text.size()) {
      word += text[++i];
      in_word = true;
    } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      end_word();
    } else if (quote == 0 && operators.find(c) != operators.npos) {
      end_word();
      out.emplace_back(1, c);
    } else {
      word += c;
      in_word = true;
    }
  }
  end_word();
  return out;
}

/// The arguments of the program that is told to push.
std::optional<std::vector<std::string>> push_arguments(std::string_view text) {
  auto words = shell_words(text);
  if (!words)
    return std::nullopt;
  const auto at = std::ranges::find(*words, push);
  if (at == words->end())
    return std::nullopt;
  const auto is_operator = [](const std::string& word) {
    return word.size() == 1 && std::string_view("&|;<>()").find(word[0]) != std::string_view::npos;
  };
  auto begin = at;
  while (begin != words->begin() && (begin - 1)->starts_with("-"))
    --begin;
  const auto end = std::find_if(at, words->end(), is_operator);
  return std::vector<std::string>(begin, end);
}

/// The value here of an option that the other command line has; nothing where it means nothing.
std::optional<std::string> value_here(const options& with, option_ref ref) {
  const auto& row = ref.table_row();
  for (size_t i = 0; i < with.position_count(ref.row); ++i)
    if (row.group != option_group::repo || with.repo_key(i) == ref.key)
      return with.shown(ref.row, i);
  return std::nullopt;
}

} // namespace

archive_command_findings compare_archive_command(const options& with, std::string_view command) {
  archive_command_findings out;
  const auto words = push_arguments(command);
  if (!words)
    return out;
  const auto line = parse_command_line(*words);
  if (!line) {
    out.errors.push_back(error{errc::archive_command_invalid,
                               "archive_command fails: " + line.failure().message,
                               line.failure().hint});
    return out;
  }
  for (const auto& [ref, set] : line->given) {
    const auto& row = ref.table_row();
    if (set.texts.empty())
      continue;
    if (row.name == "stanza" && set.texts.front() != with.text("stanza"))
      out.errors.push_back(
          error{errc::archive_command_invalid,
                fmt::format("archive_command archives for stanza '{}', not for '{}'",
                            set.texts.front(), with.text("stanza")),
                "Is --stanza in archive_command the stanza of this cluster?"});
    const bool compared = row.name == "config" || row.group == option_group::repo;
    const auto here = compared ? value_here(with, ref) : std::nullopt;
    if (here && !here->empty() && *here != set.texts.front() && *here != "<redacted>")
      out.warnings.push_back(fmt::format("archive_command has '--{}={}', this command has '{}'",
                                         shown_name(ref), set.texts.front(), *here));
  }
  return out;
}

archive_command_findings compare_archive_module(const options& with, std::string_view stanza,
                                                std::string_view file) {
  archive_command_findings out;
  if (stanza != with.text("stanza"))
    out.errors.push_back(
        error{errc::archive_command_invalid,
              fmt::format("the archive module archives for stanza '{}', not for '{}'", stanza,
                          with.text("stanza")),
              "Is pgbraid_archive.stanza the stanza of this cluster?"});
  const auto here = value_here(with, {.row = static_cast<uint16_t>(find_option("config"))});
  if (!file.empty() && here && !here->empty() && *here != file)
    out.warnings.push_back(
        fmt::format("pgbraid_archive.config is '{}', this command has '--config={}'", file, *here));
  return out;
}

} // namespace pgbraid::config
