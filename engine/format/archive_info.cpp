// archive.info: which clusters a stanza's WAL archive belongs to.
// SPDX-License-Identifier: MIT
#include "engine/format/archive_info.hpp"

#include "engine/format/info_value.hpp"
#include "engine/format/json_writer.hpp"

#include <algorithm>
#include <cassert>

namespace pgbraid::format {

const archive_history& archive_info::current() const {
  const auto found = std::find_if(history.begin(), history.end(),
                                  [this](const auto& entry) { return entry.id == current_id; });
  assert(found != history.end()); // checked at parse
  return *found;
}

const archive_history* archive_info::find(uint64_t id, uint64_t system_id,
                                          std::string_view version) const {
  const auto all = matching(system_id, version);
  for (const auto* entry : all) {
    if (entry->id == id)
      return entry;
  }
  return all.empty() ? nullptr : all.front();
}

std::vector<const archive_history*> archive_info::matching(uint64_t system_id,
                                                           std::string_view version) const {
  std::vector<const archive_history*> found;
  for (auto entry = history.rbegin(); entry != history.rend(); ++entry) {
    if (entry->system_id == system_id && entry->version == version)
      found.push_back(&*entry);
  }
  return found;
}

void archive_info::add(uint64_t system_id, std::string_view version) {
  const uint64_t id = history.empty() ? 1 : history.back().id + 1;
  history.push_back({id, system_id, std::string(version)});
  current_id = id;
}

namespace {

result<archive_history> parse_entry(const info_line& line) {
  const auto id = parse_uint(line.key);
  if (!id)
    return within_line(line, error{errc::format, "history id expected"});
  archive_history entry{.id = *id};
  bool has_system_id = false;
  json_reader in(line.value);
  in.begin_object();
  while (auto name = in.next_member()) {
    if (*name == "db-id") { // here this is the system identifier
      read_json(in, entry.system_id);
      has_system_id = true;
    } else if (*name == "db-version") {
      read_json(in, entry.version);
    } else {
      in.skip_value();
    }
  }
  if (!in.failed() && (!has_system_id || entry.version.empty()))
    in.fail("'db-id' or 'db-version' is missing");
  if (auto done = in.check(); !done)
    return within_line(line, done.failure());
  return entry;
}

result<void> read_line(archive_info& info, const info_line& line) {
  if (line.section == "db" && line.key == "db-id")
    return read_value(line, info.current_id);
  if (line.section == "cipher" && line.key == "cipher-pass")
    return read_value(line, info.cipher_pass);
  if (line.section != "db:history")
    return success();
  auto entry = parse_entry(line);
  if (!entry)
    return entry.failure();
  if (!parse_archive_id(archive_id(*entry)))
    return within_line(line, error{errc::format, "invalid version '" + printable(entry->version) +
                                                     "' or history id"});
  info.history.push_back(std::move(*entry));
  return success();
}

} // namespace

result<archive_info> parse_archive_info(std::string_view text) {
  archive_info info;
  auto version = parse_info(text, [&info](const info_line& line) { return read_line(info, line); });
  if (!version)
    return version.failure();
  info.writer_version = std::move(*version);
  auto& history = info.history;
  std::sort(history.begin(), history.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  const auto same = std::adjacent_find(history.begin(), history.end(),
                                       [](const auto& a, const auto& b) { return a.id == b.id; });
  if (same != history.end())
    return error{errc::format, "history id " + std::to_string(same->id) + " is listed twice"};
  const bool known = std::any_of(history.begin(), history.end(),
                                 [&](const auto& entry) { return entry.id == info.current_id; });
  if (!known)
    return error{errc::format,
                 "current id " + std::to_string(info.current_id) + " is not in the history"};
  return info;
}

std::string render(const archive_info& info) {
  info_writer out(info.writer_version);
  if (!info.cipher_pass.empty())
    out.text("cipher", "cipher-pass", info.cipher_pass.view());
  const auto& current = info.current();
  out.number("db", "db-id", current.id);
  out.number("db", "db-system-id", current.system_id);
  out.text("db", "db-version", current.version);
  for (const auto& entry : info.history) {
    std::string value;
    json_writer(value)
        .begin_object()
        .member("db-id")
        .number(entry.system_id)
        .member("db-version")
        .string(entry.version)
        .end_object();
    out.line("db:history", std::to_string(entry.id), value);
  }
  return out.finish();
}

std::string archive_id(std::string_view version, uint64_t id) {
  return std::string(version) + "-" + std::to_string(id);
}

std::optional<archive_id_parts> parse_archive_id(std::string_view name) {
  const auto dash = name.find('-');
  if (dash == name.npos)
    return {};
  const auto version = name.substr(0, dash);
  const auto dot = version.find('.');
  const auto id = parse_uint(name.substr(dash + 1));
  const auto major = version.substr(0, dot);
  const bool numeric = parse_uint(major) && major.size() <= 3 &&
                       (dot == version.npos ||
                        (parse_uint(version.substr(dot + 1)) && version.size() - dot - 1 <= 3));
  if (!numeric || !id || *id == 0 || archive_id(version, *id) != name)
    return {};
  return archive_id_parts{std::string(version), *id};
}

} // namespace pgbraid::format
