// The sections of a manifest that hold one value per key.
// SPDX-License-Identifier: MIT
#include "engine/format/manifest_scalars.hpp"

#include "engine/format/entry_name.hpp"
#include "engine/format/info_value.hpp"

#include <iterator>
#include <set>

namespace pgbraid::format {

namespace {

/// A key of one of the scalar sections.
struct scalar {
  std::string_view section;
  std::string_view key;
  bool required;
  result<void> (*read)(manifest&, const info_line&);
};

template <auto Field> result<void> read_field(manifest& to, const info_line& line) {
  return read_value(line, to.*Field);
}

template <auto Field> result<void> read_option(manifest& to, const info_line& line) {
  return read_value(line, to.options.*Field);
}

result<void> read_type(manifest& to, const info_line& line) {
  std::string name;
  if (auto read = read_value(line, name); !read)
    return read;
  const auto type = parse_backup_type(name);
  if (!type)
    return within_line(line, error{errc::format, "unknown backup type"});
  to.type = *type;
  return success();
}

result<void> read_references(manifest& to, const info_line& line) {
  std::string joined;
  if (auto read = read_value(line, joined); !read)
    return read;
  std::set<std::string_view> seen;
  std::string_view rest = joined;
  while (true) {
    const auto end = rest.find(',');
    const auto label = rest.substr(0, end);
    if (!is_label(label) || !seen.insert(label).second)
      return within_line(line, error{errc::format, "invalid or repeated label"});
    to.references.emplace_back(label);
    if (end == rest.npos)
      return success();
    rest.remove_prefix(end + 1);
  }
}

result<void> read_compress_kind(manifest& to, const info_line& line) {
  std::string name;
  if (auto read = read_value(line, name); !read)
    return read;
  const auto type = parse_compress_type(name);
  if (!type)
    return within_line(line,
                       error{errc::format, "unknown compress type '" + printable(name) + "'"});
  to.options.compress_kind = *type;
  to.options.has_compress_kind = true;
  return success();
}

using options = manifest_options;

constexpr scalar scalars[] = {
    {"backup", "backup-archive-start", false, read_field<&manifest::archive_start>},
    {"backup", "backup-archive-stop", false, read_field<&manifest::archive_stop>},
    {"backup", "backup-block-incr", false, read_field<&manifest::block_incremental>},
    {"backup", "backup-bundle", false, read_field<&manifest::bundle>},
    {"backup", "backup-bundle-raw", false, read_field<&manifest::bundle_raw>},
    {"backup", "backup-label", true, read_field<&manifest::label>},
    {"backup", "backup-lsn-start", false, read_field<&manifest::lsn_start>},
    {"backup", "backup-lsn-stop", false, read_field<&manifest::lsn_stop>},
    {"backup", "backup-prior", false, read_field<&manifest::prior>},
    {"backup", "backup-reference", false, read_references},
    {"backup", "backup-timestamp-copy-start", true, read_field<&manifest::copy_start_s>},
    {"backup", "backup-timestamp-start", true, read_field<&manifest::start_s>},
    {"backup", "backup-timestamp-stop", true, read_field<&manifest::stop_s>},
    {"backup", "backup-type", true, read_type},
    {"backup:db", "db-catalog-version", true, read_field<&manifest::catalog_version>},
    {"backup:db", "db-control-version", true, read_field<&manifest::control_version>},
    {"backup:db", "db-id", true, read_field<&manifest::history_id>},
    {"backup:db", "db-system-id", true, read_field<&manifest::system_id>},
    {"backup:db", "db-version", true, read_field<&manifest::db_version>},
    {"backup:option", "option-archive-check", true, read_option<&options::archive_check>},
    {"backup:option", "option-archive-copy", true, read_option<&options::archive_copy>},
    {"backup:option", "option-backup-standby", false, read_option<&options::backup_standby>},
    {"backup:option", "option-buffer-size", false, read_option<&options::buffer_size_bytes>},
    {"backup:option", "option-checksum-page", false, read_option<&options::checksum_page>},
    {"backup:option", "option-compress", true, read_option<&options::compress>},
    {"backup:option", "option-compress-level", false, read_option<&options::compress_level>},
    {"backup:option", "option-compress-level-network", false,
     read_option<&options::compress_level_network>},
    {"backup:option", "option-compress-type", false, read_compress_kind},
    {"backup:option", "option-delta", false, read_option<&options::delta>},
    {"backup:option", "option-hardlink", true, read_option<&options::hardlink>},
    {"backup:option", "option-online", true, read_option<&options::online>},
    {"backup:option", "option-process-max", false, read_option<&options::process_max>},
    {"cipher", "cipher-pass", false, read_field<&manifest::cipher_pass>},
    {"metadata", "annotation", false, read_field<&manifest::annotations>},
};

static_assert(std::size(scalars) <= 64);

} // namespace

result<void> manifest_scalars::read(manifest& to, const info_line& line) {
  for (size_t i = 0; i < std::size(scalars); ++i) {
    if (scalars[i].key != line.key || scalars[i].section != line.section)
      continue;
    if (seen_[i])
      return within_line(line, error{errc::format, "listed twice"});
    seen_[i] = true;
    return scalars[i].read(to, line);
  }
  return success();
}

result<void> manifest_scalars::finish(manifest& of) const {
  for (size_t i = 0; i < std::size(scalars); ++i) {
    if (scalars[i].required && !seen_[i])
      return error{errc::format, "key '" + std::string(scalars[i].key) +
                                     "' is missing in section [" + std::string(scalars[i].section) +
                                     "]"};
  }
  if (!is_label(of.label) || type_of_label(of.label) != of.type)
    return error{errc::format, "invalid backup label '" + printable(of.label) + "'"};
  if (of.prior && !is_label(*of.prior))
    return error{errc::format, "invalid prior label '" + printable(*of.prior) + "'"};
  if (!is_version(of.db_version))
    return error{errc::format, "invalid database version '" + printable(of.db_version) + "'"};
  if (!of.options.has_compress_kind)
    of.options.compress_kind = of.options.compress ? compress_type::gz : compress_type::none;
  return success();
}

} // namespace pgbraid::format
