// One file through a graph, here and now: for single files (WAL, what the server hands over at the
// end of a backup), where starting an engine would cost more than the copy.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/digest.hpp"
#include "engine/graph/chain.hpp"
#include "engine/io/stream.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace pgbraid::graph {

/// Where the bytes of a branch arrive.
struct branch_end {
  /// Takes them, in order; null: they are only counted.
  std::function<result<void>(byte_view)> take = {};
  /// More than this is refused with `format`: what was packed may be hostile.
  uint64_t limit_bytes = UINT64_MAX;
  /// Set when this branch broke: it got no more bytes, the others went on.
  std::optional<error> failure = {};
  uint64_t arrived_bytes = 0;
};

/// An end that writes; the writer must outlive it, and is committed by whoever has it.
branch_end write_to(io::writer& target, uint64_t limit_bytes = UINT64_MAX);

/// The kernels of one graph, for one file. Memory: a chunk for each that changes bytes.
class single_lane {
public:
  /// Fails as the kernels fail.
  static result<single_lane> make(const logical_graph& of);
  single_lane(single_lane&&) noexcept;
  ~single_lane();

  /// Moves a source to its end through the trunk of the graph and then through every branch, or
  /// until no branch is left that works. Once only. Returns how many bytes were read.
  /// @param ends  of the branches, in their order; of a graph without any: whatever shall get the
  ///              bytes, be it nobody
  /// Fails when the source or the trunk fails, and with `term` after a termination signal while
  /// signals are polled; failures of branches are left with their ends.
  result<uint64_t> run(io::reader& source, std::span<branch_end> ends);
  /// The same for content that is in memory already.
  result<uint64_t> run(byte_view content, std::span<branch_end> ends);
  /// The same with one end; fails when that does.
  result<uint64_t> run(io::reader& source, branch_end& end);
  result<uint64_t> run(byte_view content, branch_end& end);

  /// What the trunk knows of the file.
  const file_streams& streams() const;
  /// Of the plain bytes, where the graph makes it; after the run.
  codec::sha1_digest checksum() const;

private:
  struct section;
  explicit single_lane(std::vector<section> sections);
  template <class Supply> result<uint64_t> move_all(const Supply& next, std::span<branch_end> ends);

  std::vector<section> sections_; ///< the trunk, then the branches
};

} // namespace pgbraid::graph
