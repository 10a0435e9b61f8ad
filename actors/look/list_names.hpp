// What is in a directory of a repository.
// Source of the shapes: cli/command/README.md, section 12.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "storage/storage.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::look {

/// Takes a part of an answer that may be large; false when no more is wanted.
using piece_taker = std::function<result<bool>(std::string_view piece)>;

struct list_wish {
  bool recurse = false;
  bool descending = false;
  bool json = false;
  std::optional<std::string> filter = {}; ///< an extended regular expression
};

/// Hands on the names below a path, piece by piece. A path that is missing has none; of a file it
/// tells the file. Fails with `format` (29) for a filter that is none, and as the storage does.
/// @param path  relative to the root of the repository
result<void> list_names(storage& in, const std::string& path, const list_wish& wish,
                        const piece_taker& to);

} // namespace pgbraid::look
