// backup.manifest: what a backup consists of and where each file is stored.
// SPDX-License-Identifier: MIT
#include "engine/format/manifest.hpp"

#include "engine/format/info_value.hpp"
#include "engine/format/name_order.hpp"

#include <algorithm>
#include <cassert>

namespace pgbraid::format {

const sha1_bytes empty_sha1 = {std::byte{0xda}, std::byte{0x39}, std::byte{0xa3}, std::byte{0xee},
                               std::byte{0x5e}, std::byte{0x6b}, std::byte{0x4b}, std::byte{0x0d},
                               std::byte{0x32}, std::byte{0x55}, std::byte{0xbf}, std::byte{0xef},
                               std::byte{0x95}, std::byte{0x60}, std::byte{0x18}, std::byte{0x90},
                               std::byte{0xaf}, std::byte{0xd8}, std::byte{0x07}, std::byte{0x09}};

manifest::manifest() : owners_(1) {}

owner_index manifest::owner(std::optional<std::string_view> name) {
  if (!name)
    return no_owner;
  if (const auto known = owner_of_.find(*name); known != owner_of_.end())
    return known->second;
  const auto index = static_cast<owner_index>(owners_.size());
  owners_.emplace_back(*name);
  owner_of_.emplace(*name, index);
  return index;
}

std::optional<std::string_view> manifest::owner_name(owner_index of) const {
  assert(of < owners_.size());
  if (of == no_owner)
    return {};
  return owners_[of];
}

uint32_t manifest::reference(std::string_view wanted) {
  const auto known = std::find(references.begin(), references.end(), wanted);
  if (known != references.end())
    return static_cast<uint32_t>(known - references.begin());
  references.emplace_back(wanted);
  return static_cast<uint32_t>(references.size() - 1);
}

const std::string& manifest::holder(const manifest_file& of) const {
  assert(of.reference == none_index || of.reference < references.size());
  return of.reference == none_index ? label : references[of.reference];
}

void manifest::set_rare(manifest_file& of, const rare_values& values) {
  of.rare = &nothing_rare;
  if (values == nothing_rare)
    return;
  rare_.push_back(values);
  of.rare = &rare_.back();
}

void manifest::set_copied_size(manifest_file& of, uint64_t size_bytes) {
  if (of.size_bytes == size_bytes)
    return;
  auto rare = *of.rare;
  rare.original_size_bytes = of.original_size_bytes();
  of.size_bytes = size_bytes;
  set_rare(of, rare);
}

uint32_t manifest::add_page_errors(std::vector<page_range> ranges) {
  page_errors.push_back(std::move(ranges));
  return static_cast<uint32_t>(page_errors.size() - 1);
}

manifest_file manifest::adopt(const manifest& from, const manifest_file& file, bool as_reference) {
  manifest_file taken = file;
  taken.name = keep(file.name);
  taken.user = owner(from.owner_name(file.user));
  taken.group = owner(from.owner_name(file.group));
  auto rare = *file.rare;
  if (rare.page_errors != none_index)
    rare.page_errors = add_page_errors(from.page_errors[rare.page_errors]);
  set_rare(taken, rare);
  taken.reference = as_reference ? reference(from.holder(file)) : none_index;
  taken.has_master = false;
  return taken;
}

namespace {

template <class Items> void sort_by_name(Items& items) {
  const auto earlier = [](const auto& a, const auto& b) { return a.name < b.name; };
  if (!std::is_sorted(items.begin(), items.end(), earlier))
    std::stable_sort(items.begin(), items.end(), earlier);
}

template <class Items> auto find_by_name(Items& items, std::string_view name) {
  const auto at = std::lower_bound(
      items.begin(), items.end(), name,
      [](const auto& item, std::string_view wanted) { return item.name < wanted; });
  return at == items.end() || at->name != name ? nullptr : &*at;
}

} // namespace

void manifest::drop_files() {
  files.clear();
  rare_.clear();
  text_arena rest;
  for (auto& path : paths)
    path.name = rest.keep(path.name);
  for (auto& link : links) {
    link.name = rest.keep(link.name);
    link.destination = rest.keep(link.destination);
  }
  arena_ = std::move(rest);
}

void manifest::sort() {
  if (!std::is_sorted(files.begin(), files.end(),
                      [](const auto& a, const auto& b) { return a.name < b.name; }))
    files.reorder(name_order(static_cast<uint32_t>(files.size()),
                             [&](uint32_t index) { return files[index].name; }));
  sort_by_name(paths);
  sort_by_name(links);
  sort_by_name(targets);
  sort_by_name(databases);
}

const manifest_file* manifest::find_file(std::string_view name) const {
  return find_by_name(files, name);
}

manifest_file* manifest::find_file(std::string_view name) {
  return find_by_name(files, name);
}

const manifest_path* manifest::find_path(std::string_view name) const {
  return find_by_name(paths, name);
}

const manifest_link* manifest::find_link(std::string_view name) const {
  return find_by_name(links, name);
}

const manifest_target* manifest::find_target(std::string_view name) const {
  return find_by_name(targets, name);
}

const manifest_target& manifest::data_target() const {
  const auto* target = find_target("pg_data");
  assert(target != nullptr); // checked at parse
  return *target;
}

namespace {

/// What is wrong with a file, or nothing.
std::string_view flaw_of(const manifest_file& file, strictness how) {
  const bool has_checksum = file.size_bytes == 0 || file.has_checksum;
  if (!has_checksum)
    return "has no checksum";
  if (file.size_bytes == 0 && file.has_checksum && file.checksum != empty_sha1)
    return "is empty but has another checksum";
  if (how == strictness::strict && file.size_bytes > 0 && file.stored_bytes() == 0)
    return "has content but nothing is stored";
  return {};
}

} // namespace

result<void> validate(const manifest& of, strictness how) {
  constexpr unsigned named_limit = 10;
  unsigned flaws = 0;
  std::string named;
  for (const auto& file : of.files) {
    const auto flaw = flaw_of(file, how);
    if (flaw.empty() || ++flaws > named_limit)
      continue;
    named += "\n'" + printable(file.name) + "' " + std::string(flaw);
  }
  if (flaws == 0)
    return success();
  if (flaws > named_limit)
    named += "\nand " + std::to_string(flaws - named_limit) + " more";
  return error{errc::format, "manifest of backup '" + of.label + "' is not valid:" + named};
}

namespace {

backup_summary_options summarize(const manifest_options& of) {
  return {
      .archive_check = of.archive_check,
      .archive_copy = of.archive_copy,
      .backup_standby = of.backup_standby.value_or(false),
      .checksum_page = of.checksum_page.value_or(false),
      .compress = of.compress_kind != compress_type::none,
      .hardlink = of.hardlink,
      .online = of.online,
  };
}

void add_sizes(backup_summary& to, const manifest_file& file) {
  const uint64_t stored = file.stored_bytes() > 0 ? file.stored_bytes() : file.size_bytes;
  to.size_bytes += file.size_bytes;
  to.repo_size_bytes += stored;
  if (to.map_size_bytes)
    *to.map_size_bytes += file.rare->block_map_size_bytes;
  if (file.pages == page_check::broken)
    to.page_errors = true;
  if (file.reference != none_index)
    return;
  to.size_delta_bytes += file.size_bytes;
  to.repo_size_delta_bytes += stored;
  if (to.map_size_delta_bytes)
    *to.map_size_delta_bytes += file.rare->block_map_size_bytes;
}

} // namespace

backup_summary summarize(const manifest& of) {
  backup_summary to{.label = of.label};
  to.type = of.type;
  to.writer_version = of.writer_version;
  to.annotations = of.annotations;
  to.archive_start = of.archive_start;
  to.archive_stop = of.archive_stop;
  to.lsn_start = of.lsn_start;
  to.lsn_stop = of.lsn_stop;
  to.page_errors = false;
  if (of.block_incremental)
    to.map_size_bytes = to.map_size_delta_bytes = 0;
  for (const auto& file : of.files)
    add_sizes(to, file);
  if (of.type != backup_type::full) {
    to.prior = of.prior;
    for (const auto& label : of.references) {
      if (label != of.label)
        to.reference.push_back(label);
    }
    std::sort(to.reference.begin(), to.reference.end());
  }
  to.start_s = of.start_s;
  to.stop_s = of.stop_s;
  to.history_id = of.history_id;
  to.options = summarize(of.options);
  return to;
}

} // namespace pgbraid::format
