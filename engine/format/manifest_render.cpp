// Writes backup.manifest.
// Source of the format: engine/format/README.md, section 8.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"
#include "engine/format/json_writer.hpp"
#include "engine/format/manifest.hpp"

#include <utility>

namespace pgbraid::format {

namespace {

constexpr uint32_t block_unit_bytes = 8192;
constexpr uint8_t standard_block_checksum_bytes = 6;

std::string mode_text(uint16_t mode) {
  std::string text(4, '0');
  for (size_t i = 4; i > 0; --i, mode >>= 3)
    text[i - 1] = static_cast<char>('0' + (mode & 7));
  return text;
}

class manifest_renderer {
public:
  explicit manifest_renderer(const manifest& of, text_taker to = {})
      : m_(of), out_(of.writer_version, std::move(to)) {}

  std::string whole() {
    lines();
    return out_.finish();
  }
  result<void> pieces() {
    lines();
    return out_.end();
  }

private:
  void lines() {
    backup();
    database_cluster();
    options();
    targets();
    if (!m_.cipher_pass.empty())
      out_.text("cipher", "cipher-pass", m_.cipher_pass.view());
    databases();
    metadata();
    for (const auto& file : m_.files)
      this->file(file);
    defaults("target:file:default", m_.file_defaults);
    links();
    paths();
    defaults("target:path:default", m_.path_defaults);
  }
  void backup();
  void database_cluster();
  void options();
  void targets();
  void databases();
  void metadata();
  void file(const manifest_file& of);
  void links();
  void paths();
  void defaults(std::string_view section, const manifest_defaults& of);
  std::string joined_references() const;

  void maybe_text(std::string_view section, std::string_view key,
                  const std::optional<std::string>& value) {
    if (value)
      out_.text(section, key, *value);
  }
  void maybe_true(std::string_view key, bool value) {
    if (value)
      out_.boolean("backup", key, true);
  }
  void owner_value(json_writer& to, owner_index of) {
    if (const auto name = m_.owner_name(of))
      to.string(*name);
    else
      to.boolean(false);
  }
  void owner_member(json_writer& to, std::string_view name, owner_index of,
                    const std::optional<owner_index>& standard) {
    if (standard && *standard == of)
      return;
    to.member(name);
    owner_value(to, of);
  }
  void mode_member(json_writer& to, uint16_t of, const std::optional<uint16_t>& standard) {
    if (!standard || *standard != of)
      to.member("mode").string(mode_text(of));
  }
  void page_errors(json_writer& to, const std::vector<page_range>& ranges);

  const manifest& m_;
  info_writer out_;
  std::string value_; ///< of the line being made, kept for its capacity
};

std::string manifest_renderer::joined_references() const {
  std::string joined;
  for (const auto& label : m_.references) {
    if (!joined.empty())
      joined += ',';
    joined += label;
  }
  return joined;
}

void manifest_renderer::backup() {
  constexpr std::string_view section = "backup";
  maybe_text(section, "backup-archive-start", m_.archive_start);
  maybe_text(section, "backup-archive-stop", m_.archive_stop);
  maybe_true("backup-block-incr", m_.block_incremental);
  maybe_true("backup-bundle", m_.bundle);
  maybe_true("backup-bundle-raw", m_.bundle_raw);
  out_.text(section, "backup-label", m_.label);
  maybe_text(section, "backup-lsn-start", m_.lsn_start);
  maybe_text(section, "backup-lsn-stop", m_.lsn_stop);
  maybe_text(section, "backup-prior", m_.prior);
  if (m_.has_references)
    out_.text(section, "backup-reference", joined_references());
  out_.line(section, "backup-timestamp-copy-start", std::to_string(m_.copy_start_s));
  out_.line(section, "backup-timestamp-start", std::to_string(m_.start_s));
  out_.line(section, "backup-timestamp-stop", std::to_string(m_.stop_s));
  out_.text(section, "backup-type", backup_type_name(m_.type));
}

void manifest_renderer::database_cluster() {
  constexpr std::string_view section = "backup:db";
  out_.number(section, "db-catalog-version", m_.catalog_version);
  out_.number(section, "db-control-version", m_.control_version);
  out_.number(section, "db-id", m_.history_id);
  out_.number(section, "db-system-id", m_.system_id);
  out_.text(section, "db-version", m_.db_version);
}

void manifest_renderer::options() {
  constexpr std::string_view section = "backup:option";
  const auto& from = m_.options;
  const auto maybe_bool = [&](std::string_view key, const std::optional<bool>& value) {
    if (value)
      out_.boolean(section, key, *value);
  };
  const auto maybe_number = [&](std::string_view key, const auto& value) {
    if (value)
      out_.line(section, key, std::to_string(*value));
  };
  out_.boolean(section, "option-archive-check", from.archive_check);
  out_.boolean(section, "option-archive-copy", from.archive_copy);
  maybe_bool("option-backup-standby", from.backup_standby);
  maybe_number("option-buffer-size", from.buffer_size_bytes);
  maybe_bool("option-checksum-page", from.checksum_page);
  out_.boolean(section, "option-compress", from.compress_kind != compress_type::none);
  maybe_number("option-compress-level", from.compress_level);
  maybe_number("option-compress-level-network", from.compress_level_network);
  if (from.has_compress_kind)
    out_.text(section, "option-compress-type", compress_type_name(from.compress_kind));
  maybe_bool("option-delta", from.delta);
  out_.boolean(section, "option-hardlink", from.hardlink);
  out_.boolean(section, "option-online", from.online);
  maybe_number("option-process-max", from.process_max);
}

void manifest_renderer::targets() {
  for (const auto& target : m_.targets) {
    value_.clear();
    json_writer to(value_);
    to.begin_object();
    if (target.is_file_link())
      to.member("file").string(target.file);
    to.member("path").string(target.path);
    if (target.is_tablespace()) {
      to.member("tablespace-id").string(std::to_string(target.tablespace_id));
      to.member("tablespace-name").string(target.tablespace_name);
    }
    to.member("type").string(target.type == target_type::link ? "link" : "path");
    to.end_object();
    out_.line("backup:target", target.name, value_);
  }
}

void manifest_renderer::databases() {
  for (const auto& database : m_.databases) {
    value_.clear();
    json_writer(value_)
        .begin_object()
        .member("db-id")
        .number(database.oid)
        .member("db-last-system-id")
        .number(database.last_system_oid)
        .end_object();
    out_.line("db", database.name, value_);
  }
}

void manifest_renderer::metadata() {
  if (m_.annotations.empty())
    return;
  value_.clear();
  json_writer to(value_);
  to.begin_object();
  for (const auto& [key, text] : m_.annotations)
    to.member(key).string(text);
  to.end_object();
  out_.line("metadata", "annotation", value_);
}

void manifest_renderer::page_errors(json_writer& to, const std::vector<page_range>& ranges) {
  to.member("checksum-page-error").begin_array();
  for (const auto& [first, last] : ranges) {
    if (first == last)
      to.number(first);
    else
      to.begin_array().number(first).number(last).end_array();
  }
  to.end_array();
}

void manifest_renderer::file(const manifest_file& of) {
  value_.clear();
  json_writer to(value_);
  to.begin_object();
  if (of.rare->block_size_bytes != 0) {
    to.member("bi").number(uint64_t{of.rare->block_size_bytes / block_unit_bytes});
    if (of.rare->block_checksum_bytes != standard_block_checksum_bytes)
      to.member("bic").number(uint64_t{of.rare->block_checksum_bytes});
  }
  if (of.is_block_incremental())
    to.member("bim").number(of.rare->block_map_size_bytes);
  if (of.in_bundle()) {
    to.member("bni").number(uint64_t{of.bundle_id});
    if (of.bundle_offset_bytes != 0)
      to.member("bno").number(of.bundle_offset_bytes);
  }
  if (of.size_bytes != 0 && of.has_checksum)
    to.member("checksum").hex(of.checksum);
  if (of.pages != page_check::absent)
    to.member("checksum-page").boolean(of.pages == page_check::valid);
  if (of.rare->page_errors != none_index)
    page_errors(to, m_.page_errors[of.rare->page_errors]);
  owner_member(to, "group", of.group, m_.file_defaults.group);
  if (of.has_master)
    to.member("master").boolean(of.master);
  mode_member(to, of.mode, m_.file_defaults.mode);
  if (of.has_repo_checksum)
    to.member("rck").hex(of.repo_checksum);
  if (of.reference != none_index)
    to.member("reference").string(m_.references[of.reference]);
  if (of.has_repo_size && of.repo_size_bytes != of.size_bytes)
    to.member("repo-size").number(of.repo_size_bytes);
  to.member("size").number(of.size_bytes);
  if (of.original_size_bytes() != of.size_bytes)
    to.member("szo").number(of.original_size_bytes());
  to.member("timestamp").number(of.mtime_s);
  owner_member(to, "user", of.user, m_.file_defaults.user);
  to.end_object();
  out_.line("target:file", of.name, value_);
}

void manifest_renderer::links() {
  for (const auto& link : m_.links) {
    value_.clear();
    json_writer to(value_);
    to.begin_object().member("destination").string(link.destination);
    owner_member(to, "group", link.group, m_.link_defaults.group);
    owner_member(to, "user", link.user, m_.link_defaults.user);
    to.end_object();
    out_.line("target:link", link.name, value_);
  }
  if (!m_.links.empty())
    defaults("target:link:default", m_.link_defaults);
}

void manifest_renderer::paths() {
  for (const auto& path : m_.paths) {
    value_.clear();
    json_writer to(value_);
    to.begin_object();
    owner_member(to, "group", path.group, m_.path_defaults.group);
    mode_member(to, path.mode, m_.path_defaults.mode);
    owner_member(to, "user", path.user, m_.path_defaults.user);
    to.end_object();
    out_.line("target:path", path.name, value_);
  }
}

void manifest_renderer::defaults(std::string_view section, const manifest_defaults& of) {
  const auto owner_line = [&](std::string_view key, const std::optional<owner_index>& value) {
    if (!value)
      return;
    value_.clear();
    json_writer to(value_);
    owner_value(to, *value);
    out_.line(section, key, value_);
  };
  owner_line("group", of.group);
  if (of.master)
    out_.boolean(section, "master", *of.master);
  if (of.mode)
    out_.text(section, "mode", mode_text(*of.mode));
  owner_line("user", of.user);
}

} // namespace

std::string render(const manifest& of) {
  return manifest_renderer(of).whole();
}

result<void> render(const manifest& of, text_taker to) {
  return manifest_renderer(of, std::move(to)).pieces();
}

} // namespace pgbraid::format
