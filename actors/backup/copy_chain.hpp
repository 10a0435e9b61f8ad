// What is done to the bytes of every file of a backup, on whichever host they lie.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/copy_results.hpp"
#include "engine/graph/chain.hpp"
#include "storage/wire/wire.hpp"

#include <functional>

namespace pgbraid {

/// The nodes of a backup by the rules of a copy, file by file.
class copy_chain {
public:
  explicit copy_chain(codec::file_rules rules) : rules_(std::move(rules)) {}

  /// Whether stored bytes differ from plain ones.
  bool changes_bytes() const { return rules_.changes_bytes(); }
  /// The kernels for one worker.
  result<graph::chain> make() const;
  /// The stream of a file; null for the page check of one that has none.
  /// @param read_again  see `codec::page_source`
  using reread = std::function<result<size_t>(byte_span into, uint64_t offset_bytes)>;
  static std::unique_ptr<codec::stream>
  open_stream(codec::kernel& kernel, const remote::copied_file& of, reread read_again);
  /// Takes what the finished streams of a file know.
  static void take_results(const graph::file_streams& streams, copy_results& into);
  /// What of the graph of a backup follows from the rules.
  graph::job_shape shape() const { return {.rules = rules_}; }

private:
  codec::file_rules rules_;
};

/// Refuses rules of another host that make no sense here with `protocol`.
result<void> validate(const codec::file_rules& rules);

} // namespace pgbraid
