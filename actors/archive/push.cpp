// Stores one WAL file.
// SPDX-License-Identifier: MIT
#include "actors/archive/push.hpp"

#include "actors/archive/push_besides.hpp"
#include "actors/archive/push_session.hpp"
#include "engine/base/units.hpp"
#include "engine/plan/push_queue.hpp"

#include <string_view>

namespace pgbraid {

namespace {

result<bool> is_queue_full(const push_request& wanted, storage& wal) {
  if (!wanted.queue_max)
    return false;
  auto listed = wal.list("archive_status");
  if (!listed)
    return listed.failure();
  if (!*listed)
    return false;
  std::vector<std::string_view> names;
  for (const auto& one : **listed)
    names.push_back(one.name);
  auto first = wal.info(wanted.wal.name);
  if (!first)
    return first.failure();
  return plan::is_queue_full(names, *first ? (*first)->size_bytes : 0, *wanted.queue_max);
}

} // namespace

std::string dropped_text(std::string_view name, uint64_t queue_max) {
  return fmt::format("dropped WAL file '{}' because archive queue exceeded {}", name,
                     format_size(queue_max));
}

result<void> push_wal(const push_request& wanted, const push_ends& between) {
  auto full = is_queue_full(wanted, *between.wal);
  if (!full)
    return full.failure();
  if (*full) {
    wanted.warn(dropped_text(wanted.wal.name, *wanted.queue_max));
    return success();
  }
  push_besides besides(wanted, between, besides_limits{});
  push_session session(between.pgdata.get(), between.to, wanted.answer_limit);
  if (auto opened = session.open(); !opened)
    return opened;
  if (auto stored = session.store(wanted, *between.wal); !stored)
    return stored;
  if (auto taken = besides.take(wanted); !taken)
    return taken;
  log::info("pushed WAL file '{}' to the archive", wanted.wal.name);
  return success();
}

} // namespace pgbraid
