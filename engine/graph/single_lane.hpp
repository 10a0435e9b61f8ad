// A synchronous pipeline for one file: read, kernels in order, write.
// For single files (WAL, history files) where starting an engine would cost more than the copy.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/codec/kernel.hpp"
#include "engine/io/stream.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace pgbraid {

/// A step of a transfer: a kernel and its one stream. Digest results are read from the stream after
/// the copy (see the kernel's header).
struct transfer_step {
  codec::kernel* kernel = nullptr; ///< not owned
  std::unique_ptr<codec::stream> state;

  explicit transfer_step(codec::kernel& of) : kernel(&of), state(of.open()) {}
};

/// Where the bytes of one branch go: its own steps (for example the encryption of one repository),
/// then a writer.
struct transfer_branch {
  std::vector<transfer_step> steps;
  io::writer* target = nullptr; ///< not owned, not committed here; null: bytes are only counted
  /// More than this is refused with `format`: what was packed may be hostile.
  uint64_t limit_bytes = UINT64_MAX;
  /// Set when this branch broke: it got no more bytes, the others went on.
  std::optional<error> failure = {};
  uint64_t written_bytes = 0;
};

struct transfer_outcome {
  uint64_t read_bytes = 0;
  uint64_t written_bytes = 0; ///< only where there is one target
};

/// Copies `source` to its end through `shared` steps and then through every branch, or until no
/// branch is left that works.
/// Memory: one chunk of 1 MiB per step.
/// Fails when the source or a shared step fails, and with `term` after a termination signal while
/// signals are polled; failures of branches are left in the branches.
result<transfer_outcome> transfer(io::reader& source, std::span<transfer_step> shared,
                                  std::span<transfer_branch> branches);

/// The same for content that is in memory already.
result<transfer_outcome> transfer(byte_view content, std::span<transfer_step> shared,
                                  std::span<transfer_branch> branches);

/// The same with one branch without steps of its own; fails when the target fails.
/// @param limit_bytes  more than this is refused with `format`
result<transfer_outcome> transfer(io::reader& source, std::span<transfer_step> steps,
                                  io::writer& target, uint64_t limit_bytes = UINT64_MAX);

} // namespace pgbraid
