// Files that become visible together, or one after the other.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/repository/proved_file.hpp"
#include "storage/storage.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid {

/// Writes files at the same time, and gives them their names in steps: those of a step together,
/// and only when all before it have theirs and were read back as they were written. Within a step a
/// file without its name keeps those that were added after it from theirs where the driver can
/// wait. What never gets its name leaves nothing behind.
class publication {
public:
  explicit publication(storage& files) : files_(files) {}

  /// Begins to write a file of the present step. What fails now is told by `publish`.
  void add(const std::string& path, std::string_view content,
           const write_options& options = {.may_open_late = true});
  /// The same of a file that was written.
  void add(proved_file written) { steps_.back().push_back(std::move(written)); }
  /// What is added from here on belongs to the next step.
  void then() { steps_.emplace_back(); }
  /// Waits until all have their names, or one cannot have it. Fails with `checksum` (26) when one
  /// that has its name does not hold what was written; no later step comes then.
  result<void> publish();

private:
  using files_of_step = std::vector<proved_file>;

  static result<void> publish(files_of_step& files);
  result<void> read_back(const files_of_step& files);
  result<void> read_small(const std::vector<const proved_file*>& files);
  result<void> read_large(const proved_file& one);

  storage& files_;
  std::vector<files_of_step> steps_{1};
};

} // namespace pgbraid
