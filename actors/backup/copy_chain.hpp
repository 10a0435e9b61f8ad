// What is done to the bytes of every file of a backup, on whichever host they lie.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/copy_results.hpp"
#include "engine/codec/block_pack.hpp"
#include "engine/graph/chain.hpp"
#include "storage/wire/wire.hpp"

#include <functional>

namespace pgbraid {

/// What of the graph of a backup follows from the rules.
inline graph::job_shape copy_shape(const codec::file_rules& rules) {
  return {.rules = rules};
}
/// The kernels for one worker.
result<graph::chain> make_copy_chain(const codec::file_rules& rules);
/// The stream of a file; null for the page check of one that has none, and for what is done to
/// whole files where it is in blocks.
/// @param read_again  see `codec::page_source`
/// @param judge       of a file in blocks; null: it is stored whole
using reread = std::function<result<size_t>(byte_span into, uint64_t offset_bytes)>;
std::unique_ptr<codec::stream> open_copy_stream(codec::kernel& kernel, const wire::copied_file& of,
                                                reread read_again,
                                                std::shared_ptr<codec::block_judge> judge = {});
/// Takes what the finished streams of a file know.
void take_copy_results(const graph::file_streams& streams, copy_results& into);

/// Refuses rules of another host that make no sense here with `protocol`.
result<void> validate(const codec::file_rules& rules);
/// The same of how a file is cut, under these rules.
result<void> validate(const wire::copied_blocks& how, const wire::copy_rules& rules);
/// What a file that had so many blocks takes where it lies.
uint64_t served_block_memory(const wire::copied_blocks& how, uint64_t prior_blocks);

} // namespace pgbraid
