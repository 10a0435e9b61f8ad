// expire: when a batch is full.
// SPDX-License-Identifier: MIT
#include "actors/expire/removal_batches.hpp"

namespace pgbraid {

result<void> removal_batches::add(std::string path) {
  paths_.push_back(std::move(path));
  return paths_.size() < most ? success() : finish();
}

result<void> removal_batches::finish() {
  auto gone = with_.files(paths_);
  paths_.clear();
  return gone;
}

} // namespace pgbraid
