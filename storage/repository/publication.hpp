// Files that become visible together, or one after the other.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/manifest.hpp"
#include "storage/storage.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
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
  /// What is added from here on belongs to the next step.
  void then() { steps_.emplace_back(); }
  /// Waits until all have their names, or one cannot have it. Fails with `checksum` (26) when one
  /// that has its name does not hold what was written; no later step comes then.
  result<void> publish();

private:
  struct file {
    std::string path;
    uint64_t size_bytes = 0;
    format::sha1_bytes checksum = {};
    result<std::unique_ptr<io::writer>> begun;
  };
  using files_of_step = std::vector<file>;

  static result<void> publish(files_of_step& files);
  result<void> read_back(const files_of_step& files);
  result<void> read_small(const std::vector<const file*>& files);
  result<void> read_large(const file& one);

  storage& files_;
  std::vector<files_of_step> steps_{1};
};

} // namespace pgbraid
