// What the lines of backup.manifest say together, once all of them were read.
// Source of the format: engine/format/README.md, section 8.
// SPDX-License-Identifier: MIT
#include "engine/format/info_value.hpp"
#include "engine/format/manifest_equality.hpp"
#include "engine/format/manifest_parser.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace pgbraid::format {

namespace {

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

template <class Entry> void cut(std::vector<Entry>& entries, size_t size) {
  entries.resize(size);
}

void cut(entry_list<manifest_file>& entries, size_t size) {
  entries.cut(size);
}

/// Leaves one entry of each name; they are sorted, those of one name in file order.
template <class Entries> result<void> merge_doubles(const manifest& of, Entries& entries) {
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
  if (!entries.empty())
    cut(entries, kept + 1);
  return success();
}

} // namespace

result<void> manifest_parser::check_targets() const {
  if (m_.find_target("pg_data") == nullptr)
    return error{errc::format, "target 'pg_data' is missing in section [backup:target]"};
  return success();
}

result<void> size_check::add(const manifest_file& file) {
  const bool fits = file.size_bytes <= size_limit - plain_bytes_ &&
                    file.stored_bytes() <= size_limit - stored_bytes_ &&
                    file.stored_bytes() <= size_limit - file.bundle_offset_bytes;
  if (!fits)
    return error{errc::format, "sizes overflow at file '" + printable(file.name) + "'"};
  if (file.size_bytes > 0 && file.rare->block_map_size_bytes > file.stored_bytes())
    return error{errc::format,
                 "block map is larger than what is stored of file '" + printable(file.name) + "'"};
  plain_bytes_ += file.size_bytes;
  stored_bytes_ += file.stored_bytes();
  return success();
}

result<void> manifest_parser::check_sizes() const {
  size_check sizes;
  for (const auto& file : m_.files)
    if (auto fits = sizes.add(file); !fits)
      return fits;
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

} // namespace pgbraid::format
