// Whether two manifests say the same.
// SPDX-License-Identifier: MIT
#include "engine/format/manifest_equality.hpp"

#include "engine/format/info_value.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

namespace pgbraid::format {

namespace {

const std::vector<page_range>* errors_of(const manifest& of, const manifest_file& file) {
  const auto index = file.rare->page_errors;
  return index == none_index ? nullptr : &of.page_errors[index];
}

bool has_same_page_errors(const manifest& of_a, const manifest_file& a, const manifest& of_b,
                          const manifest_file& b) {
  const auto* left = errors_of(of_a, a);
  const auto* right = errors_of(of_b, b);
  return left == nullptr || right == nullptr ? left == right : *left == *right;
}

template <class Entry>
bool has_same_owners(const manifest& of_a, const Entry& a, const manifest& of_b, const Entry& b) {
  return of_a.owner_name(a.user) == of_b.owner_name(b.user) &&
         of_a.owner_name(a.group) == of_b.owner_name(b.group);
}

/// Nothing has one checksum, whether it is written down or not.
bool has_same_checksums(const manifest_file& a, const manifest_file& b) {
  if (a.size_bytes != 0 && (a.has_checksum != b.has_checksum || a.checksum != b.checksum))
    return false;
  return a.has_repo_checksum == b.has_repo_checksum && a.repo_checksum == b.repo_checksum;
}

bool is_stored_alike(const manifest_file& a, const manifest_file& b) {
  return a.stored_bytes() == b.stored_bytes() && a.bundle_id == b.bundle_id &&
         a.bundle_offset_bytes == b.bundle_offset_bytes &&
         a.rare->block_map_size_bytes == b.rare->block_map_size_bytes &&
         a.rare->block_size_bytes == b.rare->block_size_bytes &&
         (a.rare->block_size_bytes == 0 ||
          a.rare->block_checksum_bytes == b.rare->block_checksum_bytes);
}

std::optional<std::string_view> name_of(const manifest& of,
                                        const std::optional<owner_index>& owner) {
  return owner ? of.owner_name(*owner).value_or(std::string_view())
               : std::optional<std::string_view>();
}

bool has_same_defaults(const manifest& of_a, const manifest_defaults& a, const manifest& of_b,
                       const manifest_defaults& b) {
  return name_of(of_a, a.user) == name_of(of_b, b.user) &&
         name_of(of_a, a.group) == name_of(of_b, b.group) && a.mode == b.mode &&
         a.master == b.master;
}

/// `option-compress` is written as the type tells it.
manifest_options settled(manifest_options options) {
  options.compress = options.compress_kind != compress_type::none;
  return options;
}

bool has_same_scalars(const manifest& a, const manifest& b) {
  return a.writer_version == b.writer_version && a.label == b.label && a.type == b.type &&
         a.archive_start == b.archive_start && a.archive_stop == b.archive_stop &&
         a.lsn_start == b.lsn_start && a.lsn_stop == b.lsn_stop &&
         a.block_incremental == b.block_incremental && a.bundle == b.bundle &&
         a.bundle_raw == b.bundle_raw && a.prior == b.prior && a.copy_start_s == b.copy_start_s &&
         a.start_s == b.start_s && a.stop_s == b.stop_s && a.references == b.references &&
         a.history_id == b.history_id && a.system_id == b.system_id &&
         a.catalog_version == b.catalog_version && a.control_version == b.control_version &&
         a.db_version == b.db_version && settled(a.options) == settled(b.options) &&
         a.cipher_pass.view() == b.cipher_pass.view() && a.annotations == b.annotations;
}

bool has_same_defaults(const manifest& a, const manifest& b) {
  return has_same_defaults(a, a.file_defaults, b, b.file_defaults) &&
         has_same_defaults(a, a.path_defaults, b, b.path_defaults) &&
         (a.links.empty() || has_same_defaults(a, a.link_defaults, b, b.link_defaults));
}

/// The first entry that is not the same in both lists.
template <class Entries, class Same>
std::optional<std::string> first_of(std::string_view kind, const Entries& a, const Entries& b,
                                    Same same) {
  const auto [left, right] = std::ranges::mismatch(a, b, same);
  if (left == a.end() && right == b.end())
    return {};
  const auto& name = left != a.end() ? left->name : right->name;
  return std::string(kind) + " '" + printable(name) + "'";
}

} // namespace

bool is_same(const manifest& of_a, const manifest_file& a, const manifest& of_b,
             const manifest_file& b) {
  return of_a.holder(a) == of_b.holder(b) && is_same_wherever_stored(of_a, a, of_b, b);
}

bool is_same_wherever_stored(const manifest& of_a, const manifest_file& a, const manifest& of_b,
                             const manifest_file& b) {
  return a.name == b.name && a.size_bytes == b.size_bytes &&
         a.original_size_bytes() == b.original_size_bytes() && a.mtime_s == b.mtime_s &&
         a.mode == b.mode && a.pages == b.pages && a.has_master == b.has_master &&
         a.master == b.master && has_same_checksums(a, b) && is_stored_alike(a, b) &&
         has_same_owners(of_a, a, of_b, b) && has_same_page_errors(of_a, a, of_b, b);
}

bool is_same(const manifest& of_a, const manifest_path& a, const manifest& of_b,
             const manifest_path& b) {
  return a.name == b.name && a.mode == b.mode && has_same_owners(of_a, a, of_b, b);
}

bool is_same(const manifest& of_a, const manifest_link& a, const manifest& of_b,
             const manifest_link& b) {
  return a.name == b.name && a.destination == b.destination && has_same_owners(of_a, a, of_b, b);
}

std::optional<std::string> first_difference(const manifest& a, const manifest& b) {
  const auto same = [&](const auto& left, const auto& right) { return is_same(a, left, b, right); };
  auto beside = first_difference_beside_files(a, b);
  return beside ? beside : first_of("file", a.files, b.files, same);
}

std::optional<std::string> first_difference_beside_files(const manifest& a, const manifest& b) {
  const auto same = [&](const auto& left, const auto& right) { return is_same(a, left, b, right); };
  if (!has_same_scalars(a, b) || !has_same_defaults(a, b))
    return "what it says of the backup as a whole";
  if (auto found = first_of("target", a.targets, b.targets, std::equal_to<>()))
    return found;
  if (auto found = first_of("database", a.databases, b.databases, std::equal_to<>()))
    return found;
  if (auto found = first_of("path", a.paths, b.paths, same))
    return found;
  return first_of("link", a.links, b.links, same);
}

} // namespace pgbraid::format
