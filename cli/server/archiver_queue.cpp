// What callers of the resident archiver wait for.
// SPDX-License-Identifier: MIT
#include "cli/server/archiver_queue.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace pgbraid::cli {

archiver_queue::archiver_queue() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void archiver_queue::add(asked_wal one) {
  const std::lock_guard held(mutex_);
  waiting_.push_back(std::move(one));
  const auto& [caller, wal] = waiting_.back();
  if (closed_)
    return answer_locked(caller, format::archiver_elsewhere{*closed_});
  if (const auto known = stored_.find(wal.name); known != stored_.end())
    return answer_locked(caller, known->second);
  changed_.notify_all();
}

void archiver_queue::forget(uint64_t caller) {
  const std::lock_guard held(mutex_);
  std::erase_if(waiting_, [&](const auto& one) { return one.caller == caller; });
  std::erase_if(answers_, [&](const auto& one) { return one.first == caller; });
}

void archiver_queue::close(const std::string& why) {
  const std::lock_guard held(mutex_);
  closed_ = why;
  const auto all = waiting_;
  for (const auto& one : all)
    if (one.caller != worked_for_)
      answer_locked(one.caller, format::archiver_elsewhere{why});
  changed_.notify_all();
}

std::vector<std::pair<uint64_t, format::archiver_answer>> archiver_queue::take_answers() {
  const std::lock_guard held(mutex_);
  uint64_t count = 0;
  [[maybe_unused]] const auto cleared = ::read(wake_.get(), &count, sizeof count);
  return std::exchange(answers_, {});
}

bool archiver_queue::is_working() const {
  const std::lock_guard held(mutex_);
  return worked_for_.has_value();
}

std::optional<asked_wal> archiver_queue::next(monotonic::time_point until) {
  std::unique_lock held(mutex_);
  worked_for_.reset();
  wait_until(changed_, held, until, [this] { return closed_ || !waiting_.empty(); });
  if (closed_ || waiting_.empty())
    return std::nullopt;
  worked_for_ = waiting_.front().caller;
  return waiting_.front();
}

bool archiver_queue::is_closed() const {
  const std::lock_guard held(mutex_);
  return closed_.has_value();
}

void archiver_queue::answer(uint64_t caller, const format::archiver_answer& with) {
  const std::lock_guard held(mutex_);
  answer_locked(caller, with);
}

void archiver_queue::tell(const std::string& name, const format::archiver_answer& with) {
  const std::lock_guard held(mutex_);
  tell_locked(name, with);
}

void archiver_queue::tell_stored(const std::string& name, const format::archiver_answer& with) {
  const std::lock_guard held(mutex_);
  stored_.insert_or_assign(name, with);
  tell_locked(name, with);
}

void archiver_queue::end_round() {
  const std::lock_guard held(mutex_);
  stored_.clear();
}

void archiver_queue::tell_locked(const std::string& name, const format::archiver_answer& with) {
  const auto all = waiting_;
  for (const auto& one : all)
    if (one.wal.name == name)
      answer_locked(one.caller, with);
}

void archiver_queue::answer_locked(uint64_t caller, const format::archiver_answer& with) {
  if (std::erase_if(waiting_, [&](const auto& one) { return one.caller == caller; }) == 0)
    return;
  answers_.emplace_back(caller, with);
  constexpr uint64_t one_more = 1;
  [[maybe_unused]] const auto woken = ::write(wake_.get(), &one_more, sizeof one_more);
}

} // namespace pgbraid::cli
