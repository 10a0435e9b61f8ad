// Names in the journal of a repository: WAL files that it has yet to get.
// Source: engine/format/README.md, section 14.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// A WAL file that is kept for a repository: `<WAL file>-<sha1>`, with `.aside` after it when the
/// repository cannot take it whatever happens.
struct journal_entry {
  std::string wal;      ///< as PostgreSQL names it
  std::string checksum; ///< 40 lower-case hex: SHA-1 of its content
  bool aside = false;
  uint64_t size_bytes = 0;
  int64_t since_s = 0; ///< since 1970
  friend bool operator==(const journal_entry&, const journal_entry&) = default;
};

std::string journal_name(const journal_entry& of);
/// Of the name alone; empty for every other name.
std::optional<journal_entry> parse_journal_name(std::string_view name);

/// The order in which PostgreSQL has archived them, as far as names tell: history files first.
void sort_journal(std::vector<journal_entry>& entries);

/// Those that wait longer than they may.
std::vector<journal_entry> outlived(const std::vector<journal_entry>& entries, int64_t now_s,
                                    int64_t max_age_s);

} // namespace pgbraid::plan
