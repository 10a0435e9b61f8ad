// The journals of repositories that PostgreSQL does not wait for.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push.hpp"
#include "engine/base/result.hpp"
#include "engine/config/options.hpp"
#include "storage/journal/wal_journal.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pgbraid::cli {

/// The journal of a repository, wherever it is to be. Fails with `file_owner` (88) or `file_mode`
/// (83) when others may write there: what lies there goes into the archive.
/// @param limit_bytes  of what is kept in it; what is only looked at needs none
result<journal::wal_journal> open_journal(const config::options& opts, const std::string& stanza,
                                          unsigned key, uint64_t limit_bytes = 0);

/// What is in it; of one that there is not, nothing.
result<journal::journal_content> look_at_journal(const config::options& opts,
                                                 const std::string& stanza, unsigned key);

/// What is there to be told of, a line for each; none when there is nothing.
std::vector<std::string> journal_in_words(const journal::journal_content& content);

/// Where WAL goes: what archive-require names, and the others with their journals. A required one
/// is among these, too, while something waits for it from a time when it was not.
result<push_ends> push_ends_of(const config::options& opts, const std::string& wal_directory);

} // namespace pgbraid::cli
