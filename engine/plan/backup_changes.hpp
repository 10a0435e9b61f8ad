// What has changed since the backup that a diff or incr builds on.
// Source of the rules: cli/command/README.md, section 5.4; engine/format/README.md, section 8.4.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/manifest.hpp"
#include "engine/format/packed_files.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::plan {

/// Why times of files cannot be trusted to tell what has changed: a line for the log (WARN), with
/// its hint on a line of its own. None: they can be.
/// @param now    walked and sorted, with its options and `copy_start_s`
/// @param start  the segment that the backup starts in; empty: offline
/// @param prior_files  those of `prior`, which need not hold them
std::optional<std::string> find_delta_reason(const format::manifest& now, std::string_view start,
                                             const format::manifest& prior,
                                             const format::packed_files& prior_files);

/// What becomes of a file of a new backup, and why.
enum class file_change : uint8_t {
  unchanged, ///< as in the prior backup: refers to that, nothing is read
  is_new,    ///< the prior backup does not have it
  size,      ///< has another size: copied
  time,      ///< has another time: copied, unless its content turns out to be the same
  compare,   ///< its content is compared first, since times are not trusted
  empty,     ///< has no content and is not stored
};
/// `new`, `size`, ...: for what is shown.
std::string_view file_change_name(file_change change);

/// @param delta  content decides instead of times
/// @param before  null: the prior backup does not have the file
file_change judge_file(const format::manifest& now, const format::manifest_file& file,
                       const format::manifest& prior, const format::manifest_file* before,
                       bool delta);

/// Gives an entry that is taken over from another manifest what the walk found of the file: name,
/// owner, mode and time; and nothing that is not written any more.
void take_walked(format::manifest_file& taken, const format::manifest_file& walked);

/// Makes a file refer to what the prior backup knows of it: where it lies, its checksums, what its
/// pages were found to be. Its own name, owner, mode and time stay.
void refer_to_prior(format::manifest& now, format::manifest_file& file,
                    const format::manifest& prior, const format::manifest_file& before);

/// How many files there are of each kind; a diff or incr in which nothing changed is suspicious.
struct change_counts {
  size_t unchanged = 0;
  size_t to_copy = 0; ///< or to compare
};
/// Judges all files, and makes those that did not change refer to the prior backup.
/// @param prior_files  those of `prior`, which need not hold them
change_counts refer_unchanged(format::manifest& now, const format::manifest& prior,
                              const format::packed_files& prior_files, bool delta);

/// Gives a prior backup that holds no files those back that are to be copied: they may be compared.
void unpack_unreferred(format::manifest& prior, const format::packed_files& prior_files,
                       const format::manifest& now);

/// The content that a file had, if the same content can be found out by comparing: of the same
/// size, and not empty. Null: it is copied in any case.
const format::manifest_file* comparable(const format::manifest_file& file,
                                        const format::manifest& prior);

} // namespace pgbraid::plan
