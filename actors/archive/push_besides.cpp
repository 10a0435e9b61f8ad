// The repositories that PostgreSQL does not wait for, together.
// SPDX-License-Identifier: MIT
#include "actors/archive/push_besides.hpp"

namespace pgbraid {

push_besides::push_besides(const push_request& how, const push_ends& between,
                           const besides_limits& limits) {
  if (between.besides.empty())
    return;
  polling_.emplace();
  for (const auto& one : between.besides)
    all_.push_back(
        std::make_unique<journaled_repository>(one, how, between.wal, between.pgdata, limits));
  for (const auto& one : all_)
    one->begin();
}

result<void> push_besides::take(const push_request& wanted) {
  for (const auto& one : all_)
    if (auto taken = one->take(wanted); !taken)
      return taken;
  return success();
}

void push_besides::give_up_old() {
  for (const auto& one : all_)
    one->give_up_old();
}

void push_besides::finish(const std::function<bool()>& is_needless) {
  for (const auto& one : all_)
    one->finish(is_needless);
}

} // namespace pgbraid
