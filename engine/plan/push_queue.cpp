// How much WAL waits to be archived.
// SPDX-License-Identifier: MIT
#include "engine/plan/push_queue.hpp"

#include "engine/postgres/wal_name.hpp"

#include <algorithm>

namespace pgbraid::plan {

namespace {

/// The names PostgreSQL waits for: `<WAL file>.ready`.
bool is_ready_file(std::string_view name) {
  constexpr std::string_view suffix = ".ready";
  return name.ends_with(suffix) &&
         postgres::is_archived_name(name.substr(0, name.size() - suffix.size()));
}

} // namespace

bool is_queue_full(std::span<const std::string_view> status_names, uint64_t each_bytes,
                   uint64_t limit_bytes) {
  const auto ready = static_cast<uint64_t>(std::ranges::count_if(status_names, is_ready_file));
  return ready * each_bytes > limit_bytes;
}

} // namespace pgbraid::plan
