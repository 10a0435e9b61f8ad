// Whether a segment in an archive is what its name says.
// SPDX-License-Identifier: MIT
#include "actors/archive/stored_wal.hpp"

#include "engine/codec/aes.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/digest.hpp"
#include "engine/graph/single_lane.hpp"

#include <array>
#include <vector>

namespace pgbraid {

result<std::optional<error>> damage_of(const repository& in, const archived_wal& stored,
                                       const secret& pass, uint64_t segment_bytes) {
  auto file = in.files().open_read(stored.path);
  if (!file)
    return file.failure();
  const auto cipher = in.encrypted() ? codec::make_decrypt(pass.view()) : nullptr;
  const auto unpacker = codec::make_decompress(stored.entry.compress);
  codec::digest_kernel sha1;
  std::vector<transfer_step> steps;
  if (cipher)
    steps.emplace_back(*cipher);
  if (unpacker)
    steps.emplace_back(*unpacker);
  steps.emplace_back(sha1);
  std::array<transfer_branch, 1> nowhere;
  nowhere[0].limit_bytes = segment_bytes;
  const auto read = transfer(**file, steps, nowhere);
  const auto failure = read ? nowhere[0].failure : std::optional(read.failure());
  if (failure && failure->code != errc::format && failure->code != errc::crypto)
    return *failure;
  if (failure)
    return std::optional(*failure);
  const auto actual = to_hex(codec::digest_kernel::value(*steps.back().state));
  if (actual == stored.entry.checksum)
    return std::optional<error>();
  return std::optional(error{errc::checksum, "its content has checksum '" + actual + "'"});
}

} // namespace pgbraid
