// Which configuration files there are, and what they contain.
// SPDX-License-Identifier: MIT
#include "engine/config/config_file.hpp"

#include "engine/base/access_hint.hpp"
#include "engine/config/environment.hpp"
#include "engine/config/ini.hpp"
#include "engine/config/readers.hpp"
#include "engine/config/resolution.hpp"
#include "engine/config/shown_text.hpp"
#include "engine/config/suggestion.hpp"
#include "engine/config/toml.hpp"
#include "engine/config/whole_configuration.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>

namespace pgbraid::config {

namespace {

constexpr size_t file_limit_bytes = 4 * 1024 * 1024;

struct closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
  void operator()(DIR* dir) const { ::closedir(dir); }
};

struct file_text {
  std::string text;
  bool for_all = false; ///< every user of this host can read it
};

/// The content of a file; empty when it is missing and need not be there.
result<std::optional<file_text>> read_text(const std::string& path, bool required) {
  const std::unique_ptr<std::FILE, closer> file(std::fopen(path.c_str(), "re"));
  if (!file && errno == ENOENT) {
    if (!required)
      return std::optional<file_text>{};
    return error{errc::file_missing,
                 fmt::format("unable to open missing file '{}' for read", path)};
  }
  if (!file) {
    auto failed = system_error(errc::file_open,
                               fmt::format("unable to open file '{}' for read", path), errno);
    failed.hint = access_hint(path);
    return failed;
  }
  std::string out;
  char part[16384];
  while (const auto size = std::fread(part, 1, sizeof part, file.get())) {
    out.append(part, size);
    if (out.size() > file_limit_bytes)
      return error{errc::file_read,
                   fmt::format("file '{}' is too large for a configuration", path)};
  }
  if (std::ferror(file.get()))
    return system_error(errc::file_read, fmt::format("unable to read '{}'", path), errno);
  return std::optional(file_text{std::move(out), readable_by_all(path, ::fileno(file.get()))});
}

/// The `*.conf` files of a directory, sorted.
result<std::vector<std::string>> list_includes(const std::string& path, bool required) {
  const std::unique_ptr<DIR, closer> dir(::opendir(path.c_str()));
  std::vector<std::string> out;
  if (!dir && errno == ENOENT) {
    if (!required)
      return out;
    return error{errc::path_missing,
                 fmt::format("unable to list file info for missing path '{}'", path)};
  }
  if (!dir)
    return system_error(errc::path_open,
                        fmt::format("unable to list file info for path '{}'", path), errno);
  while (const auto* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (name.size() > 5 && name.ends_with(".conf"))
      out.push_back(fmt::format("{}/{}", path, name));
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// The first option in these entries that holds a secret.
std::optional<std::string> secret_in(const std::vector<file_entry>& entries) {
  for (const auto& entry : entries) {
    const auto found = find_name(entry.name, false);
    if (found && *found && ((*found)->ref.table_row().flags & secure))
      return entry.name;
  }
  return std::nullopt;
}

class file_set {
public:
  explicit file_set(std::vector<std::string>& warnings) : warnings_(warnings) {}

  /// Returns whether the file was there.
  result<bool> add(const std::string& path, bool required) {
    auto text = read_text(path, required);
    if (!text)
      return text.failure();
    if (!*text)
      return false;
    const bool toml = path.ends_with(".toml");
    auto parsed = toml ? parse_toml((*text)->text, path) : parse_ini((*text)->text);
    if (!parsed) {
      auto problem = parsed.failure();
      if (!toml)
        problem.hint += fmt::format("{}the file is '{}'.", problem.hint.empty() ? "" : "\n", path);
      return problem;
    }
    if (const auto secret = secret_in(*parsed); secret && (*text)->for_all)
      warnings_.push_back(fmt::format(
          "configuration file '{0}' holds a secret ('{1}') and every user of this host can read "
          "it\nHINT: take it from them with: chmod o= '{0}'",
          path, *secret));
    for (auto& entry : *parsed) {
      if (!toml)
        entry.where += fmt::format(" of '{}'", path);
    }
    std::move(parsed->begin(), parsed->end(), std::back_inserter(entries));
    return true;
  }

  result<void> add_includes(const std::string& path, bool required) {
    auto names = list_includes(path, required);
    if (!names)
      return names.failure();
    for (const auto& name : *names) {
      // A file that vanished since it was listed is no file any more.
      if (auto added = add(name, false); !added)
        return added.failure();
    }
    return success();
  }

  std::vector<file_entry> entries = {};

private:
  std::vector<std::string>& warnings_;
};

/// The location options, as given on the command line or in the environment.
struct locations {
  explicit locations(const setting_map& given) {
    config = text(given, "config");
    base = text(given, "config-path");
    include = text(given, "config-include-path");
    if (base && base->size() > 1 && base->ends_with('/'))
      base->pop_back();
    const auto found = given.find({static_cast<uint16_t>(find_option("config")), 0});
    none = found != given.end() && found->second.negated;
  }

  static std::optional<std::string> text(const setting_map& given, std::string_view name) {
    const auto found = given.find({static_cast<uint16_t>(find_option(name)), 0});
    if (found == given.end() || found->second.texts.empty())
      return std::nullopt;
    return found->second.texts.front();
  }

  std::optional<std::string> config = {};
  std::optional<std::string> base = {};
  std::optional<std::string> include = {};
  bool none = false; ///< --no-config
};

result<void> add_main(const locations& at, const file_places& places, file_set& out) {
  if (at.none)
    return success();
  if (at.config) {
    auto added = out.add(*at.config, true);
    return added ? success() : result<void>(added.failure());
  }
  std::vector<std::string> tries;
  if (at.base)
    tries = {*at.base + "/pgbackrest.conf"};
  else
    tries = {places.base + "/pgbackrest.conf", places.old};
  for (const auto& path : tries) {
    auto added = out.add(path, false);
    if (!added)
      return added.failure();
    if (*added)
      break;
  }
  return success();
}

result<void> add_include_path(const locations& at, const file_places& places, file_set& out) {
  if (at.include)
    return out.add_includes(*at.include, true);
  if (at.base)
    return out.add_includes(*at.base + "/conf.d", false);
  if (at.config || at.none)
    return success();
  return out.add_includes(places.base + "/conf.d", false);
}

/// One section that applies, such as `global:backup`.
struct applicable {
  std::string name;
  bool for_command = false;
  bool global = false;
};

class section_reader {
public:
  section_reader(const applicable& section, command_and_role who,
                 std::vector<std::string>& warnings)
      : section_(section), who_(who), warnings_(warnings) {}

  result<void> add(const file_entry& entry) {
    auto found = find_name(entry.name, false);
    if (!found)
      return found.failure();
    if (!*found || (*found)->form != name_form::plain) {
      warn_name(entry.name, *found);
      return success();
    }
    const auto ref = (*found)->ref;
    if (!usable(entry.name, ref.table_row()))
      return success();
    return keep(ref, entry);
  }

  setting_map settings = {};

private:
  static std::string place_of(const file_entry& entry) { return fmt::format("{}.", entry.where); }

  void warn_name(const std::string& name, const std::optional<found_name>& found) {
    if (found) {
      const auto kind = found->form == name_form::negate ? "negate" : "reset";
      warnings_.push_back(fmt::format("configuration file contains {} option '{}'", kind, name));
      return;
    }
    auto text = fmt::format("configuration file contains invalid option '{}'", shown_key(name));
    if (const auto odd = odd_characters(name); !odd.empty())
      text += "\nHINT: " + odd;
    else if (const auto hint = did_you_mean("", nearest_option(name)); !hint.empty())
      text += "\nHINT: " + hint;
    warnings_.push_back(std::move(text));
  }

  bool usable(const std::string& name, const option_row& row) {
    if (row.where == section::command_line) {
      warnings_.push_back(
          fmt::format("configuration file contains command-line only option '{}'", name));
      return false;
    }
    if (row.where == section::stanza && section_.global) {
      warnings_.push_back(
          fmt::format("configuration file contains stanza-only option '{}' in global section '{}'",
                      name, section_.name));
      return false;
    }
    if (row.known_to(who_))
      return true;
    if (!row.commands.contains(who_.command) && section_.for_command)
      warnings_.push_back(fmt::format(
          "configuration file contains option '{}' invalid for section '{}'", name, section_.name));
    return false;
  }

  result<void> keep(option_ref ref, const file_entry& entry) {
    const auto& row = ref.table_row();
    for (const auto& text : entry.texts) {
      if (text.empty())
        return error{
            errc::option_invalid_value,
            fmt::format("section '{}', key '{}' must have a value", section_.name, entry.name),
            place_of(entry)};
    }
    const auto [name, first] = names_.emplace(ref, entry.name);
    if (!first && name->second != entry.name)
      return error{
          errc::option_invalid,
          fmt::format(
              "configuration file contains duplicate options ('{}', '{}') in section '[{}]'",
              entry.name, name->second, section_.name),
          place_of(entry)};
    if (!first && !(row.flags & repeatable))
      return error{errc::option_invalid,
                   fmt::format("option '{}' cannot be set multiple times", shown_name(ref)),
                   place_of(entry)};
    auto& here = settings[ref];
    here.source = value_source::file;
    here.where = entry.where;
    here.strict = entry.strict;
    here.texts.insert(here.texts.end(), entry.texts.begin(), entry.texts.end());
    return success();
  }

  const applicable& section_;
  command_and_role who_;
  std::vector<std::string>& warnings_;
  std::map<option_ref, std::string> names_ = {};
};

/// The files that would be read, of which the first that is there counts, and a directory.
struct candidates {
  std::vector<std::string> files = {};
  std::string includes = {};
};

candidates candidates_of(const locations& at, const file_places& places) {
  candidates out;
  if (at.config)
    out.files = {*at.config};
  else if (at.base)
    out.files = {*at.base + "/pgbackrest.conf"};
  else if (at.include)
    out.files = {places.base + "/pgbackrest.conf", places.old};
  else
    out.files = {places.own, places.base + "/pgbackrest.conf", places.old};
  if (at.include)
    out.includes = *at.include;
  else if (at.base)
    out.includes = *at.base + "/conf.d";
  else if (!at.config)
    out.includes = places.base + "/conf.d";
  return out;
}

std::string words_for_files(const locations& at, const file_places& places) {
  if (at.none && !at.include)
    return "no configuration file is read (--no-config)";
  auto could = candidates_of(at, places);
  if (at.none)
    could.files.clear();
  std::vector<std::string> there;
  for (const auto& path : could.files)
    if (there.empty() && ::access(path.c_str(), F_OK) == 0)
      there.push_back(path);
  const bool own = !there.empty() && there.front() == places.own;
  if (!own && !could.includes.empty())
    if (const auto included = list_includes(could.includes, false))
      there.insert(there.end(), included->begin(), included->end());
  if (there.empty())
    return fmt::format("no configuration file was found: there is no '{}'",
                       fmt::join(could.files, "', no '"));
  return fmt::format("the configuration file{} '{}'", there.size() == 1 ? " is" : "s are",
                     fmt::join(there, "', '"));
}

} // namespace

result<std::vector<file_entry>> read_config_files(const setting_map& given,
                                                  const file_places& places,
                                                  std::vector<std::string>& warnings) {
  const locations at(given);
  file_set out(warnings);
  if (!at.config && !at.none && !at.base && !at.include) {
    auto own = out.add(places.own, false);
    if (!own)
      return own.failure();
    if (*own)
      return std::move(out.entries);
  }
  if (auto done = add_main(at, places, out); !done)
    return done.failure();
  if (auto done = add_include_path(at, places, out); !done)
    return done.failure();
  return std::move(out.entries);
}

std::string configuration_in_words(const options& of) {
  const auto& told = *resolution::sources_of(of);
  auto given = told.line.given;
  std::vector<std::string> told_before;
  static_cast<void>(
      add_environment(told.from.environment, {of.command(), of.role()}, given, told_before));
  return words_for_files(locations(given), told.from.places);
}

result<void> add_sections(const std::vector<file_entry>& entries, const std::string& stanza,
                          command_and_role who, setting_map& into,
                          std::vector<std::string>& warnings) {
  const std::string name(row_of(who.command).name);
  std::vector<applicable> sections;
  if (!stanza.empty())
    sections = {{stanza + ":" + name, true, false}, {stanza, false, false}};
  sections.push_back({"global:" + name, true, true});
  sections.push_back({"global", false, true});
  for (const auto& section : sections) {
    section_reader reader(section, who, warnings);
    for (const auto& entry : entries) {
      if (entry.section != section.name)
        continue;
      if (auto done = reader.add(entry); !done)
        return done;
    }
    into.merge(reader.settings);
  }
  return success();
}

} // namespace pgbraid::config
