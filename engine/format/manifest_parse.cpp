// Reads backup.manifest.
// Source of the format: engine/format/README.md, section 8.
// SPDX-License-Identifier: MIT
#include "engine/format/entry_name.hpp"
#include "engine/format/info_feed.hpp"
#include "engine/format/info_value.hpp"
#include "engine/format/json_reader.hpp"
#include "engine/format/manifest.hpp"
#include "engine/format/manifest_equality.hpp"
#include "engine/format/manifest_scalars.hpp"
#include "engine/format/manifest_values.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <set>
#include <utility>

namespace pgbraid::format {

namespace {

/// Marks in entries for "take the default", which comes after them in the file.
constexpr owner_index unset_owner = UINT32_MAX;
constexpr uint16_t unset_mode = UINT16_MAX;
/// Sizes and offsets have to stay below this, also in sum.
constexpr uint64_t size_limit = std::numeric_limits<int64_t>::max();
constexpr uint64_t bundle_id_limit = UINT32_MAX;
constexpr uint64_t block_unit_bytes = 8192;
constexpr uint64_t block_units_limit = 1 << 17; // 1 GiB
constexpr uint64_t block_checksum_limit = 16;

class manifest_parser {
public:
  manifest_parser() { m_.options.has_compress_kind = false; } // until the key is read

  result<void> line(const info_line& at) {
    if (at.section == "target:file")
      return file(at);
    if (at.section == "target:path")
      return path(at);
    if (at.section == "target:link")
      return link(at);
    if (at.section == "backup:target")
      return target(at);
    if (at.section == "db")
      return database(at);
    if (at.section == "target:file:default")
      return defaults(at, m_.file_defaults);
    if (at.section == "target:path:default")
      return defaults(at, m_.path_defaults);
    if (at.section == "target:link:default")
      return defaults(at, m_.link_defaults);
    return scalars_.read(m_, at);
  }

  result<manifest> finish(std::string writer_version);

private:
  result<void> file(const info_line& at);
  void file_member(json_reader& in, std::string_view name, manifest_file& to);
  void file_number(json_reader& in, std::string_view name, manifest_file& to);
  void file_reference(json_reader& in, manifest_file& to);
  result<void> path(const info_line& at);
  result<void> link(const info_line& at);
  result<void> target(const info_line& at);
  result<void> database(const info_line& at);
  result<void> defaults(const info_line& at, manifest_defaults& to);

  result<void> check_targets() const;
  result<void> check_sizes() const;
  void resolve_references();
  result<void> resolve_defaults();
  result<void> merge_all_doubles();

  manifest m_;
  manifest_scalars scalars_;
  bool has_original_size_ = false;
  /// Labels that files refer to, in order of appearance; `manifest_file::reference` is an index in
  /// here until the end, because the real list may come later.
  std::vector<std::string> labels_;
};

result<void> manifest_parser::file(const info_line& at) {
  if (auto named = check_entry_name(at.key, entry_place::file); !named)
    return named;
  manifest_file to;
  to.user = to.group = unset_owner;
  to.mode = unset_mode;
  bool has_size = false;
  bool has_time = false;
  has_original_size_ = false;
  json_reader in(at.value);
  in.begin_object();
  while (auto name = in.next_member()) {
    has_size |= *name == "size";
    has_time |= *name == "timestamp";
    file_member(in, *name, to);
  }
  if (!in.failed() && (!has_size || !has_time))
    in.fail("'size' or 'timestamp' is missing");
  if (!in.failed() && to.bundle_id == 0 && to.bundle_offset_bytes != 0)
    in.fail("'bno' without 'bni'");
  if (auto done = in.check(); !done)
    return within_line(at, done.failure());
  if (!has_original_size_)
    to.original_size_bytes = to.size_bytes;
  if (to.size_bytes == 0 && !to.has_checksum) {
    to.checksum = empty_sha1;
    to.has_checksum = true;
  }
  to.name = m_.keep(at.key);
  m_.files.push_back(to);
  return success();
}

void manifest_parser::file_member(json_reader& in, std::string_view name, manifest_file& to) {
  if (name == "checksum") {
    read_sha1(in, to.checksum);
    to.has_checksum = true;
  } else if (name == "rck") {
    read_sha1(in, to.repo_checksum);
    to.has_repo_checksum = true;
  } else if (name == "checksum-page") {
    to.pages = in.read_bool() ? page_check::valid : page_check::broken;
  } else if (name == "checksum-page-error") {
    std::vector<page_range> ranges;
    read_page_errors(in, ranges);
    to.page_errors = m_.add_page_errors(std::move(ranges));
  } else if (name == "reference") {
    file_reference(in, to);
  } else if (name == "mode") {
    read_mode(in, to.mode);
  } else if (name == "user") {
    read_owner(in, m_, to.user);
  } else if (name == "group") {
    read_owner(in, m_, to.group);
  } else if (name == "master") {
    to.master = in.read_bool();
    to.has_master = true;
  } else {
    file_number(in, name, to);
  }
}

void manifest_parser::file_number(json_reader& in, std::string_view name, manifest_file& to) {
  uint64_t value = 0;
  if (name == "size") {
    read_limited(in, to.size_bytes, size_limit);
  } else if (name == "szo") {
    read_limited(in, to.original_size_bytes, size_limit);
    has_original_size_ = true;
  } else if (name == "timestamp") {
    to.mtime_s = in.read_int();
  } else if (name == "repo-size") {
    read_limited(in, to.repo_size_bytes, size_limit);
    to.has_repo_size = true;
  } else if (name == "bni") {
    read_limited(in, to.bundle_id, bundle_id_limit);
    if (!in.failed() && to.bundle_id == 0)
      in.fail("bundle ids begin at 1");
  } else if (name == "bno") {
    read_limited(in, to.bundle_offset_bytes, size_limit);
  } else if (name == "bim") {
    read_limited(in, to.block_map_size_bytes, size_limit);
  } else if (name == "bi") {
    read_limited(in, value, block_units_limit);
    to.block_size_bytes = static_cast<uint32_t>(value * block_unit_bytes);
  } else if (name == "bic") {
    read_limited(in, value, block_checksum_limit);
    if (!in.failed() && value == 0)
      in.fail("block checksum of at least one byte expected");
    to.block_checksum_bytes = static_cast<uint8_t>(value);
  } else {
    in.skip_value();
  }
}

void manifest_parser::file_reference(json_reader& in, manifest_file& to) {
  const auto label = in.read_string();
  if (in.failed())
    return;
  if (!is_label(label))
    return in.fail("invalid reference");
  // Neighbours mostly refer to the same backup, and the newest labels come last.
  for (auto i = labels_.size(); i > 0; --i) {
    if (labels_[i - 1] == label) {
      to.reference = static_cast<uint32_t>(i - 1);
      return;
    }
  }
  to.reference = static_cast<uint32_t>(labels_.size());
  labels_.emplace_back(label);
}

result<void> manifest_parser::path(const info_line& at) {
  if (auto named = check_entry_name(at.key, entry_place::path); !named)
    return named;
  manifest_path to{
      .name = m_.keep(at.key), .user = unset_owner, .group = unset_owner, .mode = unset_mode};
  json_reader in(at.value);
  in.begin_object();
  while (auto name = in.next_member()) {
    if (*name == "user")
      read_owner(in, m_, to.user);
    else if (*name == "group")
      read_owner(in, m_, to.group);
    else if (*name == "mode")
      read_mode(in, to.mode);
    else
      in.skip_value();
  }
  if (auto done = in.check(); !done)
    return within_line(at, done.failure());
  m_.paths.push_back(to);
  return success();
}

result<void> manifest_parser::link(const info_line& at) {
  if (auto named = check_entry_name(at.key, entry_place::link); !named)
    return named;
  manifest_link to{
      .name = m_.keep(at.key), .destination = {}, .user = unset_owner, .group = unset_owner};
  json_reader in(at.value);
  in.begin_object();
  while (auto name = in.next_member()) {
    if (*name == "user")
      read_owner(in, m_, to.user);
    else if (*name == "group")
      read_owner(in, m_, to.group);
    else if (*name == "destination")
      to.destination = m_.keep(in.read_string());
    else
      in.skip_value();
  }
  if (!in.failed() && (to.destination.empty() || to.destination.find('\0') != std::string::npos))
    in.fail("destination is missing or invalid");
  if (auto done = in.check(); !done)
    return within_line(at, done.failure());
  m_.links.push_back(to);
  return success();
}

bool has_nul(std::string_view text) {
  return text.find('\0') != text.npos;
}

/// A file link names one file, and no other place.
bool is_one_segment(std::string_view name) {
  return name != "." && name != ".." && name.find('/') == name.npos && !has_nul(name);
}

result<void> manifest_parser::target(const info_line& at) {
  if (auto named = check_entry_name(at.key, entry_place::path); !named)
    return named;
  manifest_target to{.name = std::string(at.key), .path = {}};
  std::string type;
  std::string oid;
  json_reader in(at.value);
  in.begin_object();
  while (auto name = in.next_member()) {
    if (*name == "path")
      read_json(in, to.path);
    else if (*name == "file")
      read_json(in, to.file);
    else if (*name == "type")
      read_json(in, type);
    else if (*name == "tablespace-id")
      read_json(in, oid);
    else if (*name == "tablespace-name")
      read_json(in, to.tablespace_name);
    else
      in.skip_value();
  }
  to.type = type == "link" ? target_type::link : target_type::path;
  to.tablespace_id = parse_uint(oid).value_or(0);
  const bool is_tablespace = at.key.starts_with("pg_tblspc/");
  if (!in.failed() && (to.path.empty() || has_nul(to.path) || has_nul(to.tablespace_name)))
    in.fail("path is missing or invalid");
  if (!in.failed() && type != (at.key == "pg_data" ? "path" : "link"))
    in.fail("type does not fit the name");
  const bool fits = to.is_tablespace() && at.key == "pg_tblspc/" + oid;
  if (!in.failed() && (is_tablespace ? !fits : to.is_tablespace() || at.key == "pg_tblspc"))
    in.fail("tablespace id does not fit the name");
  if (!in.failed() && !is_one_segment(to.file))
    in.fail("file is not a plain name");
  if (auto done = in.check(); !done)
    return within_line(at, done.failure());
  m_.targets.push_back(std::move(to));
  return success();
}

result<void> manifest_parser::database(const info_line& at) {
  manifest_database to{.name = std::string(at.key)};
  bool has_oid = false;
  json_reader in(at.value);
  in.begin_object();
  while (auto name = in.next_member()) {
    if (*name == "db-id") {
      read_json(in, to.oid);
      has_oid = true;
    } else if (*name == "db-last-system-id") {
      read_json(in, to.last_system_oid);
    } else {
      in.skip_value();
    }
  }
  if (!in.failed() && !has_oid)
    in.fail("'db-id' is missing");
  if (auto done = in.check(); !done)
    return within_line(at, done.failure());
  m_.databases.push_back(std::move(to));
  return success();
}

result<void> manifest_parser::defaults(const info_line& at, manifest_defaults& to) {
  json_reader in(at.value);
  if (at.key == "user")
    read_owner(in, m_, to.user.emplace());
  else if (at.key == "group")
    read_owner(in, m_, to.group.emplace());
  else if (at.key == "mode")
    read_mode(in, to.mode.emplace());
  else if (at.key == "master")
    read_json(in, to.master);
  else
    return success();
  if (auto done = in.check(); !done)
    return within_line(at, done.failure());
  return success();
}

result<void> manifest_parser::check_targets() const {
  if (m_.find_target("pg_data") == nullptr)
    return error{errc::format, "target 'pg_data' is missing in section [backup:target]"};
  return success();
}

/// Sums may not overflow, and pieces lie inside of what they are pieces of.
result<void> manifest_parser::check_sizes() const {
  uint64_t plain = 0;
  uint64_t stored = 0;
  for (const auto& file : m_.files) {
    const bool fits = file.size_bytes <= size_limit - plain &&
                      file.stored_bytes() <= size_limit - stored &&
                      file.stored_bytes() <= size_limit - file.bundle_offset_bytes;
    if (!fits)
      return error{errc::format, "sizes overflow at file '" + printable(file.name) + "'"};
    if (file.size_bytes > 0 && file.block_map_size_bytes > file.stored_bytes())
      return error{errc::format, "block map is larger than what is stored of file '" +
                                     printable(file.name) + "'"};
    plain += file.size_bytes;
    stored += file.stored_bytes();
  }
  return success();
}

void manifest_parser::resolve_references() {
  m_.has_references = !m_.references.empty();
  auto missing = labels_;
  if (!m_.has_references)
    std::sort(missing.begin(), missing.end());
  // 2.42 could write an incomplete list; what block maps mean stays what it was.
  std::set<std::string, std::less<>> listed(m_.references.begin(), m_.references.end());
  missing.push_back(m_.label);
  for (auto& label : missing) {
    if (listed.insert(label).second)
      m_.references.push_back(label);
  }
  std::vector<uint32_t> final_index;
  for (const auto& label : labels_)
    final_index.push_back(label == m_.label ? none_index : m_.reference(label));
  for (auto& file : m_.files) {
    if (file.reference != none_index)
      file.reference = final_index[file.reference];
  }
}

void take_default(owner_index& value, const std::optional<owner_index>& standard) {
  if (value == unset_owner)
    value = standard.value_or(no_owner);
}

template <class Entry> bool take_defaults(Entry& entry, const manifest_defaults& from) {
  take_default(entry.user, from.user);
  take_default(entry.group, from.group);
  if constexpr (requires { entry.mode; }) {
    if (entry.mode == unset_mode) {
      entry.mode = from.mode.value_or(0);
      return from.mode.has_value();
    }
  }
  return true;
}

template <class Entries>
result<void> take_all_defaults(Entries& entries, const manifest_defaults& from) {
  for (auto& entry : entries) {
    if (!take_defaults(entry, from))
      return error{errc::format, "mode of '" + printable(entry.name) + "' is missing"};
  }
  return success();
}

/// What the end of a backup adds, whether PGDATA held a file of that name or not.
bool is_added_at_end(std::string_view name) {
  return name == "pg_data/backup_label" || name == "pg_data/tablespace_map";
}

/// Leaves one entry of each name; they are sorted, those of one name in file order.
template <class Entry> result<void> merge_doubles(const manifest& of, std::vector<Entry>& entries) {
  size_t kept = 0;
  for (size_t i = 1; i < entries.size(); ++i) {
    auto& last = entries[kept];
    const auto& next = entries[i];
    if (last.name != next.name)
      entries[++kept] = next;
    else if (is_added_at_end(next.name))
      last = next;
    else if (!is_same(of, last, of, next))
      return error{errc::format, "'" + printable(next.name) + "' is listed twice, differently"};
  }
  entries.resize(std::min(entries.size(), kept + 1));
  return success();
}

result<void> manifest_parser::resolve_defaults() {
  if (auto done = take_all_defaults(m_.files, m_.file_defaults); !done)
    return done;
  if (auto done = take_all_defaults(m_.paths, m_.path_defaults); !done)
    return done;
  return take_all_defaults(m_.links, m_.link_defaults);
}

result<void> manifest_parser::merge_all_doubles() {
  if (auto done = merge_doubles(m_, m_.files); !done)
    return done;
  if (auto done = merge_doubles(m_, m_.paths); !done)
    return done;
  return merge_doubles(m_, m_.links);
}

result<manifest> manifest_parser::finish(std::string writer_version) {
  m_.writer_version = std::move(writer_version);
  if (auto done = scalars_.finish(m_); !done)
    return done.failure();
  m_.sort();
  const auto twice = std::ranges::adjacent_find(m_.targets, {}, &manifest_target::name);
  if (twice != m_.targets.end())
    return error{errc::format, "target '" + twice->name + "' is listed twice"};
  if (auto done = check_targets(); !done)
    return done.failure();
  if (auto done = resolve_defaults(); !done)
    return done.failure();
  resolve_references();
  if (auto done = merge_all_doubles(); !done)
    return done.failure();
  if (auto done = check_sizes(); !done)
    return done.failure();
  return std::move(m_);
}

} // namespace

struct manifest_feed::state {
  manifest_parser parser;
  info_feed lines{[this](const info_line& at) { return parser.line(at); }};
};

manifest_feed::manifest_feed() : state_(std::make_unique<state>()) {}

manifest_feed::~manifest_feed() = default;

result<void> manifest_feed::feed(std::string_view piece) {
  return state_->lines.feed(piece);
}

result<manifest> manifest_feed::finish() {
  auto version = state_->lines.finish();
  if (!version)
    return version.failure();
  return state_->parser.finish(std::move(*version));
}

result<manifest> parse_manifest(std::string_view text) {
  manifest_feed parser;
  if (auto fed = parser.feed(text); !fed)
    return fed.failure();
  return parser.finish();
}

} // namespace pgbraid::format
