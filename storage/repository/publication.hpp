// Files that become visible together, or one after the other.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/storage.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid {

/// Writes files at the same time, and gives them their names in steps: those of a step together,
/// and only when all before it have theirs. Within a step a file without its name keeps those that
/// were added after it from theirs where the driver can wait. What never gets its name leaves
/// nothing behind.
class publication {
public:
  explicit publication(storage& files) : files_(files) {}

  /// Begins to write a file of the present step. What fails now is told by `publish`.
  void add(const std::string& path, std::string_view content,
           const write_options& options = {.may_open_late = true});
  /// What is added from here on belongs to the next step.
  void then() { steps_.emplace_back(); }
  /// Waits until all have their names, or one cannot have it.
  result<void> publish();

private:
  using begun = result<std::unique_ptr<io::writer>>;
  static result<void> publish(std::vector<begun>& step);

  storage& files_;
  std::vector<std::vector<begun>> steps_{1};
};

} // namespace pgbraid
