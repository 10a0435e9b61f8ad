// Threads that ask.
// SPDX-License-Identifier: MIT
#include "engine/base/side_by_side.hpp"

#include <atomic>
#include <list>
#include <string>
#include <system_error>
#include <thread>

namespace pgbraid {

namespace {

struct aside {
  std::thread thread = {};
  std::atomic<bool> done = false;
};

/// All of the process. Entries stay where they are, since their threads write to them.
struct asides {
  std::mutex mutex = {};
  std::list<aside> all = {};
};

asides& the() {
  static asides one;
  return one;
}

bool started(const std::function<void()>& work) {
  auto& known = the();
  const std::lock_guard held(known.mutex);
  auto& one = known.all.emplace_back();
  try {
    one.thread = std::thread([&one, work] {
      work();
      one.done = true;
    });
    return true;
  } catch (const std::system_error&) {
    known.all.pop_back();
    return false;
  }
}

} // namespace

void run_aside(std::function<void()> work) {
  if (!started(work))
    work();
}

bool join_aside() {
  auto& known = the();
  const std::lock_guard held(known.mutex);
  std::erase_if(known.all, [](auto& one) {
    const bool done = one.done;
    if (done)
      one.thread.join();
    return done;
  });
  return known.all.empty();
}

} // namespace pgbraid
