// Which incomplete backup is gone on with, and which of its files stay.
// Source of the rules: cli/command/README.md, section 5.11.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/compress_type.hpp"
#include "engine/format/manifest.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// What a new backup is to be, as far as an incomplete one has to agree with it.
struct resume_wish {
  format::backup_type type = format::backup_type::full;
  std::vector<std::string> references = {}; ///< inherited from the prior backup; full: none
  std::string prior = {};                   ///< label; empty: it builds on nothing
  compress_type compression = compress_type::none;
  bool encrypted = false;
  uint64_t history_id = 0; ///< of the stanza's current cluster
  uint64_t system_id = 0;
  std::string db_version = {};
};

/// Whether an incomplete backup was made by this version of this program, and nobody else wrote
/// into its directory since: whoever goes on with one writes its manifest copy anew.
bool is_ours(const format::manifest& incomplete);

/// Why an incomplete backup cannot be gone on with: the words behind `cannot be resumed: `, the
/// peer's where it has the same reason. Nothing: it can be. What a pgBackRest began must be a full
/// backup; of ours every one goes on as what it was.
std::optional<std::string> objection_to_resume(const resume_wish& wish,
                                               const format::manifest& incomplete);

/// Whether a backup is complete but for its WAL and its publication.
bool is_finished_copy(const format::manifest& incomplete);

/// How far times of files tell that one is as it was when it was copied.
/// @param now    walked, with its options, `start_s` and `copy_start_s`
/// @param start  the segment that the new backup starts in; empty: offline
bool times_tell(const format::manifest& now, std::string_view start,
                const format::manifest& incomplete);

enum class resumed_file : uint8_t {
  copied,   ///< what was copied of it, if anything, is of no use
  kept,     ///< of the size and time that it had: what was copied is what it is
  compared, ///< only its content can tell
};

/// What becomes of each file of `now`, in its order. Files that refer to another backup, and those
/// of no content, are `copied`. A bundle of which less than half would stay does not stay.
/// @param now         sorted; files that did not change since its prior refer to that already
/// @param by_content  times do not count
std::vector<resumed_file> choose_resumed(const format::manifest& now,
                                         const format::manifest& incomplete, bool by_content);

/// Makes a file what the incomplete backup knows of it: where it lies, its checksums. Its own name,
/// owner, mode and time stay.
void keep_resumed(format::manifest& now, format::manifest_file& file,
                  const format::manifest_file& before);
/// Takes that back.
void forget_resumed(format::manifest_file& file);

} // namespace pgbraid::plan
