// Counting down to the fault.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/fault_plan.hpp"

namespace pgbraid {

void fault_plan::add(memory_verb verb, uint64_t nth, fault what, bool onwards) {
  assert(nth >= 1);
  rules_.push_back({verb, used(verb) + nth, onwards, std::move(what)});
}

std::optional<fault_plan::fault> fault_plan::trip(memory_verb verb) {
  const auto now = ++used_[static_cast<size_t>(verb)];
  for (const auto& one : rules_)
    if (one.verb == verb && (one.at == now || (one.onwards && one.at < now)))
      return one.what;
  return {};
}

} // namespace pgbraid
