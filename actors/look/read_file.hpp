// The content of one file of a repository.
// Source of the rules: cli/command/README.md, section 12.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/look/list_names.hpp"
#include "storage/repository/repository.hpp"

#include <string>

namespace pgbraid::look {

struct read_wish {
  bool raw = false;            ///< as it is stored
  bool ignore_missing = false; ///< then it is no error
  std::string stanza = {};     ///< that an encrypted file must be of; empty: any
};

/// Hands on a file piece by piece, opened if the repository is encrypted. False when it is missing
/// and that is no error. Fails with `file_missing` (55), `file_read` (42) for a path, and `crypto`
/// (95), perhaps after pieces that are of no use then; with `option_invalid_value` (32) where no
/// passphrase is known.
/// @param in    of the stanza that the path names
/// @param path  relative to the root of the repository
result<bool> read_file(repository& in, const std::string& path, const read_wish& wish,
                       const piece_taker& to);

} // namespace pgbraid::look
