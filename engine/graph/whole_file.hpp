// A file that is in memory, packed at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/digest.hpp"
#include "engine/codec/file_rules.hpp"

#include <optional>
#include <vector>

namespace pgbraid::graph {

struct packed_file {
  std::vector<std::byte> stored;
  codec::sha1_digest checksum{};
  /// Of what is stored; empty when that is the plain file.
  std::optional<codec::sha1_digest> repo_checksum = {};
};

/// What the nodes of a backup make of a file without pages. Fails as their kernels fail.
result<packed_file> pack_file(codec::file_rules rules, byte_view plain);

} // namespace pgbraid::graph
