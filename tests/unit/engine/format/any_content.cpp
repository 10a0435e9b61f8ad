// Makes any content that the writers of the format may be given, from a seed.
// SPDX-License-Identifier: MIT
#include "tests/unit/engine/format/any_content.hpp"

#include "engine/format/manifest_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pgbraid::format_test {

using namespace pgbraid::format;

uint64_t any::number() {
  switch (below(5)) {
  case 0:
    return below(3);
  case 1:
    return UINT64_MAX - below(2);
  case 2:
    return uint64_t{INT64_MAX} - 1 + below(3);
  default:
    return random_() >> below(64);
  }
}

std::optional<uint64_t> any::maybe_number() {
  return chance(2) ? std::optional(number()) : std::nullopt;
}

std::string any::text() {
  static constexpr std::string_view telling = "=[]{}\"\\,:/.#;\n\r\t\b\f \x01\x7f-0ntf";
  static constexpr const char* whole[] = {"={}",  "=[", "=\"",        "\\u0000",
                                          "[db]", "=1", "\xc3\xa4",   "\xff",
                                          "null", "..", "[backrest]", "backrest-checksum"};
  std::string out;
  for (uint32_t i = below(12); i > 0; --i) {
    if (chance(3))
      out += whole[below(std::size(whole))];
    else if (chance(2))
      out += telling[below(static_cast<uint32_t>(telling.size()))];
    else
      out += static_cast<char>('a' + below(26));
  }
  return out;
}

std::string any::text(bool (*may_be)(std::string_view)) {
  while (true)
    if (auto made = text(); may_be(made))
      return made;
}

std::string any::label(backup_type type) {
  const auto full = make_label(backup_type::full, int64_t{below(2'000'000'000)});
  return type == backup_type::full ? full : make_label(type, int64_t{below(2'000'000'000)}, full);
}

std::string any::label() {
  static constexpr backup_type types[] = {backup_type::full, backup_type::diff, backup_type::incr};
  return label(types[below(3)]);
}

archive_history any::history_entry(uint64_t id) {
  static constexpr const char* versions[] = {"9.4", "9.6", "10", "15", "18"};
  return {id, number(), versions[below(std::size(versions))]};
}

archive_info any::archive() {
  archive_info made;
  made.writer_version = text();
  for (uint64_t id = 1; made.history.empty() || chance(2); id += 1 + below(3))
    made.history.push_back(history_entry(id));
  made.current_id = made.history[below(static_cast<uint32_t>(made.history.size()))].id;
  made.cipher_pass = secret(text());
  return made;
}

backup_summary any::summary() {
  backup_summary made{.label = label()};
  made.type = type_of_label(made.label);
  made.format = number();
  made.writer_version = text();
  for (; chance(2);)
    made.annotations[text()] = text();
  if (chance(2))
    made.archive_start = text();
  if (chance(2))
    made.page_errors = chance(2);
  made.size_bytes = number();
  made.repo_size_bytes = number();
  made.map_size_bytes = maybe_number();
  if (chance(2))
    made.lsn_stop = text();
  if (chance(2))
    made.prior = label();
  for (; chance(2);)
    made.reference.push_back(label());
  made.start_s = signed_number();
  made.stop_s = signed_number();
  made.history_id = number();
  made.options = {.archive_check = chance(2), .compress = chance(2), .online = chance(2)};
  if (chance(3))
    made.others["z" + text()] = R"({"a":[1,"\n"]})";
  return made;
}

backup_info any::backups() {
  backup_info made;
  made.writer_version = text();
  for (uint64_t id = 1; made.history.empty() || chance(2); id += 1 + below(3)) {
    const auto entry = history_entry(id);
    made.history.push_back({id, number(), number(), entry.system_id, entry.version});
  }
  made.current_id = made.history.back().id;
  made.cipher_pass = secret(text());
  for (uint32_t i = below(4); i > 0; --i)
    made.add(summary());
  return made;
}

owner_index any::owner(manifest& to) {
  return chance(3) ? no_owner : to.owner(text(is_owner_name));
}

std::string any::name_in(std::string_view directory, entry_place place) {
  while (true) {
    auto made = fmt::format("{}/{}", directory, text());
    if (is_entry_name(made, place))
      return made;
  }
}

void any::fill_scalars(manifest& to) {
  to.writer_version = text();
  to.label = label();
  to.type = type_of_label(to.label);
  to.references = {to.label};
  if (chance(2))
    to.archive_start = text();
  if (chance(2))
    to.lsn_stop = text();
  if (chance(2))
    to.prior = label();
  to.bundle = chance(2);
  to.block_incremental = chance(2);
  to.copy_start_s = signed_number();
  to.start_s = signed_number();
  to.stop_s = signed_number();
  const auto history = history_entry(number());
  to.history_id = history.id;
  to.system_id = history.system_id;
  to.catalog_version = number();
  to.db_version = history.version;
  static constexpr compress_type types[] = {compress_type::none, compress_type::gz,
                                            compress_type::lz4, compress_type::zst};
  to.options = {.archive_check = chance(2),
                .compress_level = signed_number(),
                .compress_kind = types[below(4)],
                .online = chance(2),
                .process_max = maybe_number()};
  if (chance(2))
    to.options.checksum_page = chance(2);
  to.cipher_pass = secret(text());
  for (; chance(2);)
    to.annotations[text()] = text();
  for (uint64_t oid = below(5); chance(2); oid += 1)
    to.databases.push_back({.name = text(is_line_key), .oid = number()});
}

void any::fill_targets(manifest& to) {
  const auto path = [](std::string_view made) {
    return !made.empty() && made.find('\0') == made.npos;
  };
  to.targets.push_back({.name = "pg_data", .path = text(path)});
  for (uint64_t oid = 1; chance(2); oid += 1 + below(9))
    to.targets.push_back({.name = "pg_tblspc/" + std::to_string(oid),
                          .type = target_type::link,
                          .path = text(path),
                          .tablespace_id = oid,
                          .tablespace_name = text()});
  for (; chance(2);) {
    const auto name = name_in("pg_data", entry_place::link);
    if (std::ranges::find(to.targets, name, &manifest_target::name) != to.targets.end())
      continue;
    to.targets.push_back({.name = name, .type = target_type::link, .path = text(path)});
    to.links.push_back({.name = to.keep(name),
                        .destination = to.keep(text(path)),
                        .user = owner(to),
                        .group = owner(to)});
  }
}

void any::add_file(manifest& to, std::string_view name) {
  manifest_file file;
  file.name = to.keep(name);
  file.size_bytes = size();
  rare_values rare;
  if (chance(2))
    rare.original_size_bytes = size();
  file.has_checksum = file.size_bytes != 0;
  if (file.has_checksum)
    for (auto& byte : file.checksum)
      byte = static_cast<std::byte>(below(256));
  if (chance(2)) {
    file.has_repo_checksum = true;
    file.repo_checksum = {};
    file.repo_checksum[0] = static_cast<std::byte>(below(256));
  }
  file.repo_size_bytes = size();
  file.has_repo_size = chance(2);
  if (!file.has_repo_size)
    file.repo_size_bytes = 0;
  if (chance(2)) {
    file.bundle_id = static_cast<uint32_t>(1 + below(9));
    file.bundle_offset_bytes = size();
  }
  file.mtime_s = signed_number();
  file.user = owner(to);
  file.group = owner(to);
  file.mode = static_cast<uint16_t>(below(07777 + 1));
  if (chance(3)) {
    file.pages = page_check::broken;
    const auto first = number() / 4;
    if (chance(2))
      rare.page_errors = to.add_page_errors({{first, first}, {first + 2, first + 2 + below(9)}});
  }
  if (rare.original_size_bytes == file.size_bytes)
    rare.original_size_bytes.reset();
  to.set_rare(file, rare);
  if (chance(4))
    file.reference = to.reference(label());
  to.files.push_back(file);
}

manifest any::whole_manifest() {
  manifest made;
  fill_scalars(made);
  fill_targets(made);
  const auto unknown = [&](std::string_view name) { return made.find_file(name) == nullptr; };
  for (uint32_t i = below(8); i > 0; --i) {
    made.sort();
    if (const auto name = name_in(chance(2) ? "pg_data" : "pg_data/base/5", entry_place::file);
        unknown(name))
      add_file(made, name);
  }
  made.paths.push_back(
      {.name = "pg_data", .user = owner(made), .group = owner(made), .mode = 0700});
  made.paths.push_back({.name = made.keep(name_in("pg_data", entry_place::path)), .mode = 01777});
  // Index 0 is a value like any other here: "no name".
  const auto defaults = [&] {
    return manifest_defaults{.user = owner(made), .group = owner(made), .mode = uint16_t{0600}};
  };
  made.file_defaults = made.path_defaults = made.link_defaults = defaults();
  if (!made.files.empty()) {
    made.file_defaults.user = made.files[0].user;
    made.file_defaults.mode = made.files[0].mode;
  }
  made.sort();
  return made;
}

} // namespace pgbraid::format_test
