// backup.info as text.
// SPDX-License-Identifier: MIT
#include "engine/format/backup_info.hpp"
#include "engine/format/entry_name.hpp"
#include "engine/format/info_value.hpp"
#include "engine/format/json_writer.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace pgbraid::format {

namespace {

/// A member of a `[backup:current]` line: how it is read, and how it is written (which leaves it
/// out when there is nothing to write).
struct member {
  std::string_view name;
  bool required;
  void (*read)(json_reader&, backup_summary&);
  void (*write)(json_writer&, std::string_view name, const backup_summary&);
};

void write_value(json_writer& out, bool value) {
  out.boolean(value);
}
void write_value(json_writer& out, uint64_t value) {
  out.number(value);
}
void write_value(json_writer& out, int64_t value) {
  out.number(value);
}
void write_value(json_writer& out, const std::string& value) {
  out.string(value);
}

/// A member that is always there.
template <auto Field> constexpr member plain(std::string_view name) {
  return {name, true, [](json_reader& in, backup_summary& to) { read_json(in, to.*Field); },
          [](json_writer& out, std::string_view key, const backup_summary& from) {
            write_value(out.member(key), from.*Field);
          }};
}

/// A member that may be absent.
template <auto Field> constexpr member maybe(std::string_view name) {
  return {name, false, [](json_reader& in, backup_summary& to) { read_json(in, to.*Field); },
          [](json_writer& out, std::string_view key, const backup_summary& from) {
            if (from.*Field)
              write_value(out.member(key), *(from.*Field));
          }};
}

/// A text or null.
template <auto Field> constexpr member nullable(std::string_view name) {
  return {name, false,
          [](json_reader& in, backup_summary& to) {
            if (in.peek() == json_kind::null)
              in.read_null();
            else
              read_json(in, to.*Field);
          },
          [](json_writer& out, std::string_view key, const backup_summary& from) {
            out.member(key);
            if (from.*Field)
              out.string(*(from.*Field));
            else
              out.null();
          }};
}

/// One of the `option-*` members.
template <auto Field> constexpr member option(std::string_view name) {
  return {name, true, [](json_reader& in, backup_summary& to) { read_json(in, to.options.*Field); },
          [](json_writer& out, std::string_view key, const backup_summary& from) {
            out.member(key).boolean(from.options.*Field);
          }};
}

void read_type(json_reader& in, backup_summary& to) {
  if (auto type = parse_backup_type(in.read_string()))
    to.type = *type;
  else
    in.fail("unknown backup type");
}

void write_annotations(json_writer& out, std::string_view name, const backup_summary& from) {
  if (from.annotations.empty())
    return;
  out.member(name).begin_object();
  for (const auto& [key, value] : from.annotations)
    out.member(key).string(value);
  out.end_object();
}

void write_reference(json_writer& out, std::string_view name, const backup_summary& from) {
  if (from.reference.empty())
    return;
  out.member(name).begin_array();
  for (const auto& label : from.reference)
    out.string(label);
  out.end_array();
}

using summary = backup_summary;
using opts = backup_summary_options;

/// In byte order, as they are written.
constexpr std::array members{
    plain<&summary::format>("backrest-format"),
    plain<&summary::writer_version>("backrest-version"),
    member{"backup-annotation", false,
           [](json_reader& in, summary& to) { read_json(in, to.annotations); }, write_annotations},
    nullable<&summary::archive_start>("backup-archive-start"),
    nullable<&summary::archive_stop>("backup-archive-stop"),
    maybe<&summary::page_errors>("backup-error"),
    plain<&summary::repo_size_bytes>("backup-info-repo-size"),
    plain<&summary::repo_size_delta_bytes>("backup-info-repo-size-delta"),
    maybe<&summary::map_size_bytes>("backup-info-repo-size-map"),
    maybe<&summary::map_size_delta_bytes>("backup-info-repo-size-map-delta"),
    plain<&summary::size_bytes>("backup-info-size"),
    plain<&summary::size_delta_bytes>("backup-info-size-delta"),
    maybe<&summary::lsn_start>("backup-lsn-start"),
    maybe<&summary::lsn_stop>("backup-lsn-stop"),
    maybe<&summary::prior>("backup-prior"),
    member{"backup-reference", false,
           [](json_reader& in, summary& to) { read_json(in, to.reference); }, write_reference},
    plain<&summary::start_s>("backup-timestamp-start"),
    plain<&summary::stop_s>("backup-timestamp-stop"),
    member{"backup-type", true, read_type,
           [](json_writer& out, std::string_view name, const summary& from) {
             out.member(name).string(backup_type_name(from.type));
           }},
    plain<&summary::history_id>("db-id"),
    option<&opts::archive_check>("option-archive-check"),
    option<&opts::archive_copy>("option-archive-copy"),
    option<&opts::backup_standby>("option-backup-standby"),
    option<&opts::checksum_page>("option-checksum-page"),
    option<&opts::compress>("option-compress"),
    option<&opts::hardlink>("option-hardlink"),
    option<&opts::online>("option-online"),
};

/// Labels become paths, so all of them are checked.
void check_labels(json_reader& in, const backup_summary& of) {
  if (type_of_label(of.label) != of.type)
    in.fail("backup type does not fit the label");
  if (of.prior && !is_label(*of.prior))
    in.fail("invalid prior label");
  for (const auto& label : of.reference) {
    if (!is_label(label))
      in.fail("invalid label in the references");
  }
}

result<backup_summary> parse_summary(const info_line& line) {
  if (!is_label(line.key))
    return within_line(line, error{errc::format, "not a backup label"});
  backup_summary to{.label = std::string(line.key)};
  std::array<bool, members.size()> seen{};
  json_reader in(line.value);
  in.begin_object();
  while (auto name = in.next_member()) {
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](const auto& known) { return known.name == *name; });
    if (found == members.end()) {
      std::string other(*name);
      to.others.insert_or_assign(std::move(other), std::string(in.skip_value()));
      continue;
    }
    seen[static_cast<size_t>(found - members.begin())] = true;
    found->read(in, to);
  }
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i].required && !seen[i])
      in.fail("member '" + std::string(members[i].name) + "' is missing");
  }
  if (!in.failed())
    check_labels(in, to);
  if (auto done = in.check(); !done)
    return within_line(line, done.failure());
  return to;
}

std::string render_summary(const backup_summary& of) {
  std::string text;
  json_writer out(text);
  out.begin_object();
  auto other = of.others.begin();
  const auto others_before = [&](std::string_view name) {
    for (; other != of.others.end() && (name.empty() || other->first < name); ++other)
      out.member(other->first).raw(other->second);
  };
  for (const auto& known : members) {
    others_before(known.name);
    known.write(out, known.name, of);
  }
  others_before({});
  out.end_object();
  return text;
}

result<backup_history> parse_history(const info_line& line) {
  const auto id = parse_uint(line.key);
  if (!id || *id == 0)
    return within_line(line, error{errc::format, "history id expected"});
  backup_history entry{.id = *id};
  bool has_system_id = false;
  json_reader in(line.value);
  in.begin_object();
  while (auto name = in.next_member()) {
    if (*name == "db-catalog-version") {
      read_json(in, entry.catalog_version);
    } else if (*name == "db-control-version") {
      read_json(in, entry.control_version);
    } else if (*name == "db-system-id") {
      read_json(in, entry.system_id);
      has_system_id = true;
    } else if (*name == "db-version") {
      read_json(in, entry.version);
    } else {
      in.skip_value();
    }
  }
  if (!in.failed() && (!has_system_id || !is_version(entry.version)))
    in.fail("'db-system-id' or 'db-version' is missing or invalid");
  if (auto done = in.check(); !done)
    return within_line(line, done.failure());
  return entry;
}

result<void> read_line(backup_info& info, const info_line& line) {
  if (line.section == "db" && line.key == "db-id")
    return read_value(line, info.current_id);
  if (line.section == "cipher" && line.key == "cipher-pass")
    return read_value(line, info.cipher_pass);
  if (line.section == "db:history") {
    auto entry = parse_history(line);
    if (!entry)
      return entry.failure();
    info.history.push_back(std::move(*entry));
  } else if (line.section == "backup:current") {
    auto parsed = parse_summary(line);
    if (!parsed)
      return parsed.failure();
    info.backups.push_back(std::move(*parsed));
  }
  return success();
}

template <class Items, class Key> result<void> sort_unique(Items& items, Key key) {
  std::sort(items.begin(), items.end(),
            [&](const auto& a, const auto& b) { return a.*key < b.*key; });
  const auto same = std::adjacent_find(
      items.begin(), items.end(), [&](const auto& a, const auto& b) { return a.*key == b.*key; });
  if (same != items.end())
    return error{errc::format, "an entry is listed twice"};
  return success();
}

} // namespace

result<backup_info> parse_backup_info(std::string_view text) {
  backup_info info;
  auto version = parse_info(text, [&info](const info_line& line) { return read_line(info, line); });
  if (!version)
    return version.failure();
  info.writer_version = std::move(*version);
  if (auto sorted = sort_unique(info.history, &backup_history::id); !sorted)
    return sorted.failure().within("[db:history]");
  if (auto sorted = sort_unique(info.backups, &backup_summary::label); !sorted)
    return sorted.failure().within("[backup:current]");
  if (info.history_entry(info.current_id) == nullptr)
    return error{errc::format,
                 "current id " + std::to_string(info.current_id) + " is not in the history"};
  return info;
}

std::string render(const backup_info& info) {
  info_writer out(info.writer_version);
  for (const auto& backup : info.backups)
    out.line("backup:current", backup.label, render_summary(backup));
  if (!info.cipher_pass.empty())
    out.text("cipher", "cipher-pass", info.cipher_pass.view());
  const auto& current = info.current();
  out.number("db", "db-catalog-version", current.catalog_version);
  out.number("db", "db-control-version", current.control_version);
  out.number("db", "db-id", current.id);
  out.number("db", "db-system-id", current.system_id);
  out.text("db", "db-version", current.version);
  for (const auto& entry : info.history) {
    std::string value;
    json_writer(value)
        .begin_object()
        .member("db-catalog-version")
        .number(entry.catalog_version)
        .member("db-control-version")
        .number(entry.control_version)
        .member("db-system-id")
        .number(entry.system_id)
        .member("db-version")
        .string(entry.version)
        .end_object();
    out.line("db:history", std::to_string(entry.id), value);
  }
  return out.finish();
}

} // namespace pgbraid::format
