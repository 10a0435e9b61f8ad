// What is done to the bytes of every file of a backup, on whichever host they lie.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/copy_results.hpp"
#include "engine/codec/compress_memory.hpp"
#include "engine/graph/logical.hpp"
#include "engine/graph/task.hpp"
#include "storage/wire/wire.hpp"

#include <functional>

namespace pgbraid {

/// Page check, checksum, compression, encryption and checksum of the result, as the rules of a copy
/// say. Where each of them is in the chain is known here alone.
class copy_chain {
public:
  explicit copy_chain(remote::copy_rules rules);

  const remote::copy_rules& rules() const { return rules_; }
  /// Whether stored bytes differ from plain ones.
  bool changes_bytes() const { return repo_checksum_.has_value(); }
  /// The kernels for one worker.
  result<graph::chain> make() const;
  /// The stream of a file; null for the page check of one that has none.
  /// @param read_again  see `codec::page_source`
  using reread = std::function<result<size_t>(byte_span into, uint64_t offset_bytes)>;
  static std::unique_ptr<codec::stream>
  open_stream(codec::kernel& kernel, const remote::copied_file& of, reread read_again);
  /// Takes what the finished streams of a file know.
  void take_results(std::span<const std::unique_ptr<codec::stream>> streams,
                    copy_results& into) const;
  /// What the kernels of one worker take beside chunks.
  codec::compress_memory memory() const;
  /// What of the graph of a backup follows from the rules.
  graph::job_shape shape() const;

private:
  remote::copy_rules rules_;
  std::optional<size_t> page_check_ = {};
  size_t checksum_ = 0;
  std::optional<size_t> repo_checksum_ = {};
};

/// Refuses rules of another host that make no sense here with `protocol`.
result<void> validate(const remote::copy_rules& rules);

} // namespace pgbraid
