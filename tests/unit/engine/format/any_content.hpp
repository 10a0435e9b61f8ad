// Makes any content that the writers of the format may be given, from a seed.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/entry_name.hpp"
#include "engine/format/label.hpp"
#include "engine/format/manifest.hpp"

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace pgbraid::format_test {

class any {
public:
  explicit any(unsigned seed) : random_(seed) {}

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  bool chance(uint32_t of) { return below(of) == 0; }
  /// Of all sizes, the limits among them.
  uint64_t number();
  int64_t signed_number() { return static_cast<int64_t>(number()); }
  /// What may be a size: sums of many of them do not overflow.
  uint64_t size() { return number() >> (16 + below(48)); }
  std::optional<uint64_t> maybe_number();
  /// Mostly bytes that mean something to one of the readers.
  std::string text();
  /// The first text that may be one.
  std::string text(bool (*may_be)(std::string_view));
  std::string label(format::backup_type type);
  std::string label();

  format::archive_history history_entry(uint64_t id);
  format::archive_info archive();
  format::backup_info backups();
  format::manifest whole_manifest();

private:
  format::backup_summary summary();
  format::owner_index owner(format::manifest& to);
  std::string name_in(std::string_view directory, format::entry_place place);
  void fill_scalars(format::manifest& to);
  void fill_targets(format::manifest& to);
  void add_file(format::manifest& to, std::string_view name);

  std::mt19937_64 random_;
};

} // namespace pgbraid::format_test
