// Blocking calls on threads of our own.
// SPDX-License-Identifier: MIT
#include "engine/io/thread_engine.hpp"

#include "engine/io/small_files.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace pgbraid::io {

namespace {

int64_t call_once(const io_operation& what) {
  const auto offset = static_cast<off_t>(what.offset_bytes);
  switch (what.verb) {
  case io_verb::read:
    return ::pread(what.fd, what.data, what.length_bytes, offset);
  case io_verb::write:
    return ::pwrite(what.fd, what.data, what.length_bytes, offset);
  case io_verb::sync:
    return ::fsync(what.fd);
  case io_verb::read_file:
    break;
  }
  const auto got = read_beginning(what.fd, what.path, {what.data, what.length_bytes});
  errno = got < 0 ? static_cast<int>(-got) : 0;
  return got < 0 ? -1 : got;
}

int64_t call(const io_operation& what) {
  int64_t outcome = 0;
  do
    outcome = call_once(what);
  while (outcome < 0 && errno == EINTR);
  return outcome < 0 ? -errno : outcome;
}

} // namespace

thread_engine::thread_engine(const io_limits& limits, std::string reason)
    : io_engine(limits), reason_(std::move(reason)),
      threads_limit_(std::min(8U, 2 * std::max(1U, std::thread::hardware_concurrency()))) {}

thread_engine::~thread_engine() {
  drain();
  {
    const std::lock_guard guard(mutex_);
    stop_ = true;
  }
  wanted_.notify_all();
  for (auto& one : threads_)
    one.join();
}

std::string thread_engine::describe() const {
  return "up to " + std::to_string(threads_limit_) + " threads, depth " +
         std::to_string(limits().depth) + ", " + describe_slabs() +
         (reason_.empty() ? "" : " (" + reason_ + ")");
}

void thread_engine::start(io_operation& what) {
  bool busy = false;
  {
    const std::lock_guard guard(mutex_);
    queue_.push_back(&what);
    busy = queue_.size() > idle_;
  }
  if (busy && threads_.size() < threads_limit_ && !grow() && threads_.empty()) {
    // Not even one thread: the caller does the work.
    queue_.clear();
    answers_.push_back({&what, call(what)});
    return;
  }
  wanted_.notify_one();
}

bool thread_engine::grow() {
  // Signals belong to the thread that waits for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = true;
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    started = false;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

void thread_engine::work() {
  std::unique_lock guard(mutex_);
  while (true) {
    ++idle_;
    wanted_.wait(guard, [this] { return stop_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty())
      return;
    auto* what = queue_.front();
    queue_.pop_front();
    guard.unlock();
    const auto outcome = call(*what);
    guard.lock();
    answers_.push_back({what, outcome});
    answered_.notify_one();
  }
}

void thread_engine::reap(bool wait_for_one) {
  std::vector<answer> ready;
  {
    std::unique_lock guard(mutex_);
    if (wait_for_one)
      answered_.wait(guard, [this] { return !answers_.empty(); });
    ready.swap(answers_);
  }
  for (const auto& one : ready)
    finish(*one.what, one.outcome);
}

} // namespace pgbraid::io
