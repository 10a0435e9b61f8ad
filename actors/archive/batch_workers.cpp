// The threads of a batch of WAL files.
// SPDX-License-Identifier: MIT
#include "actors/archive/batch_workers.hpp"

#include "engine/base/log.hpp"

#include <system_error>
#include <thread>
#include <vector>

namespace pgbraid {

void run_workers(size_t count, const std::function<void(unsigned process)>& work) {
  std::vector<std::thread> others;
  try {
    for (size_t i = 1; i < count; ++i)
      others.emplace_back([&work, i] { work(static_cast<unsigned>(i + 1)); });
  } catch (const std::system_error&) {
    log::detail("{} workers instead of {}: there can be no more threads", others.size() + 1, count);
  }
  work(1);
  for (auto& one : others)
    one.join();
}

} // namespace pgbraid
