// expire: many files that go, a batch at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/expire/removals.hpp"

#include <string>
#include <vector>

namespace pgbraid {

/// Removes files in the order in which they come, as far as one batch is gone before anything of
/// the next is asked for: cut off at any moment, what is left begins within a batch of where it
/// would have begun with one request for each file.
class removal_batches {
public:
  /// What an object store removes with one request.
  static constexpr size_t most = 1000;

  explicit removal_batches(removals& with) : with_(with) {}

  /// The file is gone, or will be with those that come after it.
  result<void> add(std::string path);
  /// All of them are gone.
  result<void> finish();

private:
  removals& with_;
  std::vector<std::string> paths_;
};

} // namespace pgbraid
