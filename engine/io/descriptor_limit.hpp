// How many files and connections this process may have open.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace pgbraid::io {

/// What a file that is being read has open until its end, and one that is being written, with its
/// directory, until its commit is done.
inline constexpr size_t reader_descriptors = 1;
inline constexpr size_t writer_descriptors = 2;

/// Raises the soft limit to the hard one: the usual soft limit of 1024 is for programs that use
/// select(), and nothing here does.
void raise_descriptor_limit();
/// The soft limit as it is now.
size_t descriptor_limit();

} // namespace pgbraid::io
