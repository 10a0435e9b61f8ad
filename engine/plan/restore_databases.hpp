// Which databases of a backup are restored, and which are left as files of zeros.
// Source of the rules: cli/command/README.md, section 7.9.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// Options `db-include` and `db-exclude`: names or oids.
struct database_wish {
  std::vector<std::string> include = {};
  std::vector<std::string> exclude = {};
  bool any() const { return !include.empty() || !exclude.empty(); }
};

/// The databases that are left out.
class zeroed_databases {
public:
  zeroed_databases() = default;
  explicit zeroed_databases(std::set<uint64_t> oids) : oids_(std::move(oids)) {}

  const std::set<uint64_t>& oids() const { return oids_; }
  /// Whether a file of the manifest gets its length only. `PG_VERSION` of a database is always
  /// restored: without it the server could not drop what was left out.
  bool holds(std::string_view name) const;

private:
  std::set<uint64_t> oids_ = {};
};

struct database_choice {
  zeroed_databases zeroed = {};
  std::vector<std::string> notes = {}; ///< for INFO
};

/// The oid of the database that a file of a manifest belongs to; none for what is not in one.
std::optional<uint64_t> database_of(std::string_view file_name);

/// Databases are those of the manifest's list and those that have files. Those of the system
/// (postgres, template0, template1, oids below 16384) stay unless they are excluded by name or oid.
/// Fails with `format` (29) when the backup has no databases, `db_missing` (80) for one it does not
/// have, `db_invalid` (81) for one of the system that is included, one that is both included and
/// excluded, and a number that is one's oid and another one's name.
result<database_choice> choose_databases(const format::manifest& of, const database_wish& wish);

} // namespace pgbraid::plan
