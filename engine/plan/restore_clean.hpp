// What becomes of things that are already where a backup is to be restored.
// Source of the rules: cli/command/README.md, section 7.6.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/manifest.hpp"
#include "engine/plan/manifest_tree.hpp"
#include "engine/plan/recovery_type.hpp"
#include "engine/plan/restore_databases.hpp"
#include "engine/plan/restore_map.hpp"
#include "engine/postgres/version.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

namespace pgbraid::plan {

/// What an entry found in a target is.
enum class found_kind : uint8_t { file, path, link, special };

struct found_entry {
  std::string_view name; ///< the manifest name it would have
  found_kind kind = found_kind::file;
  std::string_view link_destination = {};
};

/// Decides per entry; all names are manifest names.
class restore_rules {
public:
  /// Everything passed must outlive the rules.
  restore_rules(const format::manifest& of, const restore_mapping& where, recovery_type type,
                postgres::version_number version, zeroed_databases zeroed = {})
      : manifest_(of), where_(where), type_(type), version_(version), zeroed_(std::move(zeroed)) {}

  /// Whether a file of the backup is written at all.
  bool is_restored(std::string_view name) const;
  /// Whether a file that is restored gets its length and attributes, but no content.
  bool is_zeroed(std::string_view name) const { return zeroed_.holds(name); }
  /// Whether an entry may be there although nothing is to be overwritten.
  bool may_exist(std::string_view name) const;
  /// Whether an entry stays: it is what the backup has there, or type preserve keeps it.
  /// Paths that stay are looked into.
  bool stays(const found_entry& entry) const;

private:
  bool is_preserved(std::string_view name) const;

  const format::manifest& manifest_;
  const restore_mapping& where_;
  recovery_type type_;
  postgres::version_number version_;
  zeroed_databases zeroed_;
};

} // namespace pgbraid::plan
