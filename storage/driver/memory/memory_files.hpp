// Files that are open in a memory storage.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/memory/memory_state.hpp"

#include <memory>

namespace pgbraid {

/// Reads what the node holds when it is asked, whatever names it has by then.
std::unique_ptr<io::reader> make_memory_reader(std::shared_ptr<memory_state> owner, node_ptr node,
                                               const read_options& options);
/// The same of a content that does not change any more.
std::unique_ptr<io::reader> make_memory_reader(std::shared_ptr<memory_state> owner,
                                               std::string content, const read_options& options);
/// Makes the file, with its parents if the options say so. Takes the lock.
result<std::unique_ptr<io::writer>> make_memory_writer(std::shared_ptr<memory_state> owner,
                                                       std::string_view path,
                                                       const write_options& options);

} // namespace pgbraid
