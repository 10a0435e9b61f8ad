// What is learned about a file while it is copied.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/digest.hpp"
#include "engine/codec/page_check.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace pgbraid {

enum class task_outcome : uint8_t {
  stored,
  empty,
  vanished,
  unchanged, ///< its content is what the prior backup has: nothing is stored
};

struct copy_results {
  task_outcome outcome = task_outcome::stored;
  bool path_gone = false; ///< vanished, with the directory it was in
  uint64_t plain_bytes = 0;
  codec::sha1_digest checksum{};
  /// Of what is stored; empty when that is the plain file.
  std::optional<codec::sha1_digest> repo_checksum = {};
  std::optional<codec::page_verdict> pages = {};
  /// Of a file in blocks that was packed elsewhere; see `plan/block_notes`.
  std::optional<std::vector<std::byte>> block_notes = {};
};

/// The bytes of a SHA-1 in hexadecimal; nothing when it is none.
std::optional<codec::sha1_digest> from_hex(std::string_view text);

} // namespace pgbraid
