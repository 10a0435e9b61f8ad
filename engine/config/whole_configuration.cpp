// Everything that is configured, not only for one command and stanza.
// SPDX-License-Identifier: MIT
#include "engine/config/whole_configuration.hpp"

#include "engine/config/resolution.hpp"
#include "engine/config/sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace pgbraid::config {

namespace {

constexpr std::string_view global = "global";

/// `demo:backup` taken apart; the command is empty where there is none.
struct section_name {
  explicit section_name(std::string_view text)
      : base(text.substr(0, text.find(':'))),
        command(text.size() > base.size() ? text.substr(base.size() + 1) : std::string_view()),
        has_command(text.size() > base.size()) {}

  std::string_view base;
  std::string_view command;
  bool has_command;
};

bool names_cluster(const file_entry& entry) {
  const auto found = find_name(entry.name, false);
  return found && *found && (*found)->ref.table_row().name == "pg-path";
}

/// Sections, each once, in the order of the files.
std::vector<std::string> sections_of(const std::vector<file_entry>& entries) {
  std::vector<std::string> out;
  for (const auto& entry : entries)
    if (std::ranges::find(out, entry.section) == out.end())
      out.push_back(entry.section);
  return out;
}

void look_at_sections(const options& of, std::vector<std::string>& warnings) {
  const auto stanzas = configured_stanzas(of);
  for (const auto& section : sections_of(resolution::sources_of(of)->file)) {
    const section_name name(section);
    const bool known =
        name.base == global || std::ranges::find(stanzas, name.base) != stanzas.end();
    if (!known)
      warnings.push_back(fmt::format(
          "configuration section '[{}]' is neither global nor a stanza with a cluster (pg1-path)\n"
          "HINT: nothing in it is used. Is its name misspelled?",
          section));
    else if (name.has_command && !find_command(name.command))
      warnings.push_back(fmt::format("configuration section '[{}]' names no command\n"
                                     "HINT: nothing in it is used.",
                                     section));
  }
}

/// Adds those that are not there yet.
void add_new(std::vector<std::string>& to, const std::set<std::string>& known,
             const std::vector<std::string>& from) {
  for (const auto& text : from)
    if (!known.contains(text) && std::ranges::find(to, text) == to.end())
      to.push_back(text);
}

} // namespace

std::vector<std::string> configured_stanzas(const options& of) {
  std::set<std::string> names;
  for (const auto& entry : resolution::sources_of(of)->file)
    if (entry.section != global && !section_name(entry.section).has_command && names_cluster(entry))
      names.insert(entry.section);
  return {names.begin(), names.end()};
}

result<options> options_for_stanza(const options& of, const std::string& stanza,
                                   std::vector<std::string>& warnings) {
  auto told = std::make_shared<sources>(*resolution::sources_of(of));
  const option_ref ref{static_cast<uint16_t>(find_option("stanza")), 0};
  told->line.given[ref] = {.texts = {stanza}, .source = value_source::command_line};
  auto out = resolution(told, {of.command(), of.role()}, resolution_mode::normal, warnings).run();
  if (out && !of.exec_id().empty())
    out->set_exec_id(of.exec_id());
  return out;
}

whole_findings read_whole_configuration(const options& of) {
  constexpr std::array readers = {command_id::archive_get,  command_id::archive_push,
                                  command_id::backup,       command_id::expire,
                                  command_id::info,         command_id::restore,
                                  command_id::stanza_create};
  std::vector<std::string> own;
  static_cast<void>(
      resolution(resolution::sources_of(of), {of.command()}, resolution_mode::follow_up, own)
          .run());
  const std::set<std::string> told_before(own.begin(), own.end());
  whole_findings out;
  for (const auto command : readers) {
    std::vector<std::string> warnings;
    auto read =
        resolution(resolution::sources_of(of), {command}, resolution_mode::follow_up, warnings)
            .run();
    add_new(out.warnings, told_before, warnings);
    // What a command needs on its host may be missing on this one.
    if (read || read.failure().code == errc::option_required)
      continue;
    auto problem = read.failure().within(fmt::format("the {} command", row_of(command).name));
    if (std::ranges::none_of(out.errors, [&](const error& e) {
          return e.message.ends_with(read.failure().message);
        }))
      out.errors.push_back(std::move(problem));
  }
  look_at_sections(of, out.warnings);
  return out;
}

} // namespace pgbraid::config
