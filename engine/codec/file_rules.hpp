// What is done to the bytes of a file on their way into a repository, as a value.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "engine/codec/compress.hpp"

#include <cstdint>

namespace pgbraid::codec {

/// Everything that kernels of a file are made from. Which of them there are, and in which order,
/// is a matter of `graph/node_rows`.
struct file_rules {
  compress_type compression = compress_type::none;
  /// One that the type knows; see `levels_of`.
  int64_t compress_level = 0;
  gz_engine gz = gz_engine::automatic;
  secret cipher_pass = {}; ///< empty: not encrypted
  bool checksum_page = false;
  uint32_t page_bytes = 8192;
  bool page_header_check = true;
  bool raw_members = false;  ///< some files are in raw containers: members of bundles
  bool checksum = true;      ///< wanted of the plain bytes
  bool repo_checksum = true; ///< wanted of the stored bytes, where they are others
  bool blocks = false;       ///< some of the files are stored in blocks

  /// Whether stored bytes differ from plain ones.
  bool changes_bytes() const { return compression != compress_type::none || !cipher_pass.empty(); }
};

} // namespace pgbraid::codec
