// The option table against a table of the peer's options, where there is one (PGBRAID_SHARED).
// SPDX-License-Identifier: MIT
#include "engine/config/option_name.hpp"
#include "engine/config/value.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

using namespace pgbraid::config;
namespace fs = std::filesystem;

namespace {

fs::path spec_file(const std::string& name = "options.md") {
  if (const char* shared = std::getenv("PGBRAID_SHARED"))
    return fs::path(shared) / "spec" / name;
  return fs::path(PGBRAID_SOURCE).parent_path() / "shared/spec" / name;
}

/// Cells of a table line, without code marks; `\|` inside a cell is `|`.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> out(1);
  for (size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|')
      out.back() += line[++i];
    else if (line[i] == '|')
      out.emplace_back();
    else if (line[i] != '`')
      out.back() += line[i];
  }
  for (auto& cell : out) {
    cell.erase(0, cell.find_first_not_of(' '));
    cell.erase(cell.find_last_not_of(' ') + 1);
  }
  out.pop_back();
  return out;
}

/// All lines of the tables whose first cell is an option or old name.
std::vector<std::vector<std::string>> spec_rows(size_t columns) {
  std::vector<std::vector<std::string>> out;
  std::ifstream file(spec_file());
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `"))
      continue;
    auto cells = cells_of(line);
    if (cells.size() == columns)
      out.push_back(std::move(cells));
  }
  return out;
}

std::string table_name(std::string name) {
  for (const std::string group : {"pg", "repo"}) {
    if (name.starts_with(group + "N-"))
      return group + name.substr(group.size() + 1);
  }
  return name;
}

std::string type_text(option_type type) {
  const std::map<option_type, std::string> names = {
      {option_type::boolean, "bool"},  {option_type::bool_like, "enum (bool-like)"},
      {option_type::integer, "int"},   {option_type::size, "size"},
      {option_type::time, "time"},     {option_type::path, "path"},
      {option_type::string, "string"}, {option_type::choice, "enum"},
      {option_type::list, "list"},     {option_type::map, "map"}};
  return names.at(type);
}

std::string section_text(section where) {
  return where == section::command_line ? "cli" : (where == section::global ? "global" : "stanza");
}

std::string commands_text(command_set set) {
  const std::vector<std::pair<std::string, command_set>> sets = {
      {"ALL", rows::all_commands},     {"ALL-ss", rows::working_commands},
      {"R", rows::repo_commands},      {"PGP", rows::pg_path_commands},
      {"PGH", rows::pg_host_commands}, {"DB", rows::db_commands},
      {"JOB", rows::job_commands},     {"BE", rows::backup_expire}};
  for (const auto& [name, known] : sets) {
    if (known == set)
      return name;
  }
  if (set.empty())
    return "(none in main role)";
  std::string out;
  for (const auto& row : commands) {
    if (set.contains(row.id))
      out += fmt::format("{}{}", out.empty() ? "" : ", ", row.name);
  }
  return out;
}

std::string dependency_text(const dependency& needs) {
  if (needs.option.empty())
    return "-";
  std::string out;
  for (const auto& row : commands) {
    if (needs.only_for.contains(row.id))
      out += fmt::format("{}{}", out.empty() ? "" : "/", row.name);
  }
  out += fmt::format("{}{}", out.empty() ? "" : ": ", needs.option);
  std::string values(needs.values);
  if (values.empty()) {
    out += " set";
  } else if (values.find('|') == std::string::npos) {
    out += "=" + values;
  } else {
    for (size_t at = 0; (at = values.find(" | ", at)) != std::string::npos;)
      values.replace(at, 3, ", ");
    out += fmt::format(" in ({})", values);
  }
  if (!needs.otherwise.empty())
    out += fmt::format(" (else forced to {})", needs.otherwise);
  return out;
}

/// Whether the remote role of every command of the option knows it.
bool served(const option_row& row) {
  const auto all = row.commands | row.remote_too;
  return std::all_of(commands.begin(), commands.end(), [&](const command_row& command) {
    return row.known_to({command.id, command_role::remote}) == all.contains(command.id);
  });
}

std::string flags_text(uint8_t flags) {
  std::string out;
  const auto add = [&](option_flag flag, std::string_view text) {
    if (flags & flag)
      out += fmt::format("{}{}", out.empty() ? "" : " ", text);
  };
  add(secure, "SECURE");
  add(internal, "internal");
  add(negatable, "no-");
  add(repeatable, "multi");
  add(resettable, "reset-");
  return out.empty() ? "-" : out;
}

/// Names that parts of table texts may be for.
std::vector<std::string> selectors() {
  std::vector<std::string> out = {"none", "bz2", "gz",    "lz4", "zst",
                                  "tls",  "ssh", "azure", "gcs", "s3"};
  for (const auto& row : commands)
    out.emplace_back(row.name);
  return out;
}

/// Whether two table texts mean the same for every command and value depended on.
bool same_meaning(std::string_view ours, std::string_view theirs) {
  for (const auto& name : selectors()) {
    const std::vector<std::string_view> names = {name};
    if (part_for(ours, names) != part_for(theirs, names))
      return false;
  }
  return true;
}

void check_default(const option_row& row, const std::string& cell) {
  if (row.name == "config" || row.name == "process-max")
    return; // ours differ on purpose
  command_set optional = {};
  for (const auto& command : commands) {
    if (cell.find("optional)") != std::string::npos &&
        (cell.find(std::string(command.name) + "/") != std::string::npos ||
         cell.find(std::string(command.name) + ":") != std::string::npos))
      optional = optional | only(command.id);
  }
  const bool required = cell.starts_with("**required**");
  if (row.name == "annotation")
    CHECK(row.required == rows::annotate);
  else
    CHECK(commands_text(row.required) ==
          commands_text(required ? row.commands - optional : command_set{}));
  if (cell.starts_with("argv[0]"))
    CHECK(row.fallback == "<program>");
  else
    CHECK(same_meaning(row.fallback, required || cell.starts_with("none") ? "" : cell));
}

/// gcs keys of the type web-id came with 2.60.
bool changed_later(std::string_view name) {
  return name == "repo-gcs-key-type" || name == "repo-gcs-key";
}

} // namespace

TEST_CASE("option table: every row is what the specification says") {
  if (!fs::exists(spec_file())) {
    MESSAGE("skipped: ../shared/spec is not here (set PGBRAID_SHARED)");
    return;
  }
  const auto spec = spec_rows(10);
  CHECK(spec.size() == 198);
  for (const auto& cells : spec) {
    const auto name = table_name(cells[0]);
    CAPTURE(name);
    const auto at = find_option(name);
    if (name == "cipher-pass") { // 2.60 has it no longer: on a command line everybody reads it
      CHECK(at >= options_table.size());
      continue;
    }
    REQUIRE(at < options_table.size());
    const auto& row = options_table[at];
    CHECK((row.group != option_group::none) == (name != cells[0]));
    CHECK(type_text(row.type) == cells[1]);
    CHECK(section_text(row.where) == cells[2]);
    check_default(row, cells[3]);
    if (!changed_later(name)) {
      if (row.name == "output") // JSON of verify is ours
        CHECK(row.allowed == "verify: none | text | json; version: text | num; text | json");
      else
        CHECK(same_meaning(row.allowed, cells[4] == "-" ? "" : cells[4]));
      // Ours is read without archive-async, too: WAL of archive-require is kept there.
      if (row.name == "spool-path")
        CHECK(dependency_text(row.needs) == "archive-get: archive-async=y");
      else if (row.name == "repo-target-time") // the specification has it among other checks
        CHECK(dependency_text(row.needs) == "repo set");
      else
        CHECK(dependency_text(row.needs) == cells[7]);
    }
    CHECK(commands_text(row.commands - row.own_for) == cells[5]);
    CHECK(flags_text(row.flags) == cells[8]);
    // Ours differ on purpose: locks travel in the greeting, workers are threads of one role.
    if (row.name != "lock" && row.name != "process-max")
      CHECK(served(row) == (cells[6].find('r') != std::string::npos));
  }
}

TEST_CASE("option table: every option that 2.60 added is there") {
  std::ifstream file(spec_file("additions-2.60.md"));
  size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `"))
      continue;
    const auto cells = cells_of(line);
    if (cells.size() != 10)
      continue;
    CAPTURE(cells[0]);
    const auto at = find_option(table_name(cells[0]));
    REQUIRE(at < options_table.size());
    CHECK(type_text(options_table[at].type) == cells[1]);
    ++count;
  }
  if (fs::exists(spec_file("additions-2.60.md")))
    CHECK(count == 5);
  CHECK(among("web-id", options_table[find_option("repo-gcs-key-type")].allowed));
}

TEST_CASE("option table: every deprecated name is what the specification says") {
  if (!fs::exists(spec_file()))
    return;
  size_t count = 0;
  for (const auto& cells : spec_rows(4)) {
    CAPTURE(cells[0]);
    const auto* found = std::find_if(deprecated_table.begin(), deprecated_table.end(),
                                     [&](const auto& one) { return one.name == cells[0]; });
    REQUIRE(found != deprecated_table.end());
    CHECK(found->option == table_name(cells[1]));
    CHECK(found->indexed == cells[2].starts_with("yes"));
    CHECK(found->unindexed == cells[3].starts_with("yes"));
    ++count;
  }
  CHECK(count == deprecated_table.size());
}

TEST_CASE("option table: rows agree with each other") {
  std::set<std::string_view> names;
  for (const auto& row : options_table) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(!row.help.empty());
    if (row.group != option_group::none)
      CHECK(row.name.starts_with(group_name(row.group)));
    if (!row.needs.option.empty())
      CHECK(find_option(row.needs.option) < options_table.size());
    if (row.flags & repeatable)
      CHECK((row.type == option_type::list || row.type == option_type::map));
  }
}

TEST_CASE("option table: every default is a value that the option takes") {
  for (const auto& row : options_table) {
    CAPTURE(row.name);
    for (const auto& name : selectors()) {
      const std::vector<std::string_view> names = {name};
      const std::string text(part_for(row.fallback, names));
      if (text.empty() || text == "<program>")
        continue;
      std::vector<std::string> warnings;
      const auto parsed =
          parse_value(row, row.name, part_for(row.allowed, names), {text}, warnings);
      CHECK_MESSAGE(parsed, (parsed ? "" : parsed.failure().text()));
    }
  }
}
