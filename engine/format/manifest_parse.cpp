// Reads the lines of backup.manifest.
// Source of the format: engine/format/README.md, section 8.
// SPDX-License-Identifier: MIT
#include "engine/format/entry_name.hpp"
#include "engine/format/info_feed.hpp"
#include "engine/format/info_value.hpp"
#include "engine/format/manifest_parser.hpp"
#include "engine/format/manifest_values.hpp"

#include <memory>
#include <utility>

namespace pgbraid::format {

namespace {

constexpr uint64_t bundle_id_limit = UINT32_MAX;
constexpr uint64_t block_unit_bytes = 8192;
constexpr uint64_t block_units_limit = 1 << 17; // 1 GiB
constexpr uint64_t block_checksum_limit = 16;

} // namespace

result<void> manifest_parser::line(const info_line& at) {
  if (at.section == files_section)
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

result<void> manifest_parser::file(const info_line& at) {
  if (auto named = check_entry_name(at.key, entry_place::file); !named)
    return named;
  manifest_file to;
  to.user = to.group = unset_owner;
  to.mode = unset_mode;
  bool has_size = false;
  bool has_time = false;
  rare_values rare;
  json_reader in(at.value);
  in.begin_object();
  while (auto name = in.next_member()) {
    has_size |= *name == "size";
    has_time |= *name == "timestamp";
    file_member(in, *name, to, rare);
  }
  if (!in.failed() && (!has_size || !has_time))
    in.fail("'size' or 'timestamp' is missing");
  if (!in.failed() && to.bundle_id == 0 && to.bundle_offset_bytes != 0)
    in.fail("'bno' without 'bni'");
  if (auto done = in.check(); !done)
    return within_line(at, done.failure());
  if (rare.original_size_bytes == to.size_bytes)
    rare.original_size_bytes.reset();
  m_.set_rare(to, rare);
  if (to.size_bytes == 0 && !to.has_checksum) {
    to.checksum = empty_sha1;
    to.has_checksum = true;
  }
  to.name = at.key;
  return take(to);
}

result<void> manifest_parser::take(manifest_file& read) {
  read.name = m_.keep(read.name);
  m_.files.push_back(read);
  return success();
}

void manifest_parser::file_member(json_reader& in, std::string_view name, manifest_file& to,
                                  rare_values& rare) {
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
    rare.page_errors = m_.add_page_errors(std::move(ranges));
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
    file_number(in, name, to, rare);
  }
}

void manifest_parser::file_number(json_reader& in, std::string_view name, manifest_file& to,
                                  rare_values& rare) {
  uint64_t value = 0;
  if (name == "size") {
    read_limited(in, to.size_bytes, size_limit);
  } else if (name == "szo") {
    read_limited(in, rare.original_size_bytes.emplace(), size_limit);
  } else if (name == "timestamp") {
    to.mtime_s = in.read_int();
  } else if (name == "repo-size") {
    read_limited(in, to.repo_size_bytes, size_limit);
    to.has_repo_size = true;
  } else if (name == "bni") {
    read_limited(in, value, bundle_id_limit);
    to.bundle_id = static_cast<uint32_t>(value);
    if (!in.failed() && to.bundle_id == 0)
      in.fail("bundle ids begin at 1");
  } else if (name == "bno") {
    read_limited(in, to.bundle_offset_bytes, size_limit);
  } else if (name == "bim") {
    read_limited(in, rare.block_map_size_bytes, size_limit);
  } else if (name == "bi") {
    read_limited(in, value, block_units_limit);
    rare.block_size_bytes = static_cast<uint32_t>(value * block_unit_bytes);
  } else if (name == "bic") {
    read_limited(in, value, block_checksum_limit);
    if (!in.failed() && value == 0)
      in.fail("block checksum of at least one byte expected");
    rare.block_checksum_bytes = static_cast<uint8_t>(value);
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

namespace {

bool has_nul(std::string_view text) {
  return text.find('\0') != text.npos;
}

/// A file link names one file, and no other place.
bool is_one_segment(std::string_view name) {
  return name != "." && name != ".." && name.find('/') == name.npos && !has_nul(name);
}

} // namespace

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

namespace {

class damage_parser final : public manifest_parser {
private:
  result<void> take(manifest_file& read) override {
    if (auto fits = sizes_.add(read); !fits)
      return fits;
    return read.pages == page_check::broken ? manifest_parser::take(read) : success();
  }

  size_check sizes_;
};

std::unique_ptr<manifest_parser> parser_of(kept_files keep) {
  if (keep == kept_files::with_wrong_pages)
    return std::make_unique<damage_parser>();
  return std::make_unique<manifest_parser>();
}

} // namespace

struct manifest_feed::state {
  explicit state(kept_files keep) : parser(parser_of(keep)) {}

  std::unique_ptr<manifest_parser> parser;
  info_feed lines{[this](const info_line& at) { return parser->line(at); },
                  manifest_parser::files_section};
};

manifest_feed::manifest_feed(kept_files keep) : state_(std::make_unique<state>(keep)) {}

manifest_feed::~manifest_feed() = default;

result<void> manifest_feed::feed(std::string_view piece) {
  return state_->lines.feed(piece);
}

result<manifest> manifest_feed::finish() {
  auto version = state_->lines.finish();
  if (!version)
    return version.failure();
  return state_->parser->finish(std::move(*version));
}

result<manifest> parse_manifest(std::string_view text) {
  manifest_feed parser;
  if (auto fed = parser.feed(text); !fed)
    return fed.failure();
  return parser.finish();
}

} // namespace pgbraid::format
