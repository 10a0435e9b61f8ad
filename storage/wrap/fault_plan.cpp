// Counting down to the fault.
// SPDX-License-Identifier: MIT
#include "storage/wrap/fault_plan.hpp"

#include <cassert>
#include <utility>

namespace pgbraid {

void fault_plan::fail(storage_verb verb, uint64_t nth, error failure, bool onwards) {
  add(verb, nth, {std::move(failure)}, onwards);
}

void fault_plan::tear_write(uint64_t nth, size_t keep_bytes, error failure) {
  add(storage_verb::write, nth, {std::move(failure), keep_bytes}, false);
}

void fault_plan::add(storage_verb verb, uint64_t nth, fault what, bool onwards) {
  assert(nth >= 1);
  const std::lock_guard guard(mutex_);
  rules_.push_back({verb, used_[static_cast<size_t>(verb)] + nth, onwards, std::move(what)});
}

void fault_plan::set_hook(hook called) {
  const std::lock_guard guard(mutex_);
  called_ = std::move(called);
}

void fault_plan::clear() {
  const std::lock_guard guard(mutex_);
  rules_.clear();
  called_ = nullptr;
}

uint64_t fault_plan::used(storage_verb verb) const {
  const std::lock_guard guard(mutex_);
  return used_[static_cast<size_t>(verb)];
}

std::optional<fault_plan::fault> fault_plan::planned(storage_verb verb) {
  const auto now = ++used_[static_cast<size_t>(verb)];
  for (const auto& one : rules_)
    if (one.verb == verb && (one.at == now || (one.onwards && one.at < now)))
      return one.what;
  return {};
}

std::optional<fault_plan::fault> fault_plan::trip(storage_verb verb, std::string_view path) {
  hook wanted;
  {
    const std::lock_guard guard(mutex_);
    if (auto what = planned(verb))
      return what;
    wanted = called_;
  }
  // Outside the lock: it may use the storage.
  auto failure = wanted ? wanted(verb, path) : std::nullopt;
  return failure ? std::optional(fault{std::move(*failure)}) : std::nullopt;
}

} // namespace pgbraid
