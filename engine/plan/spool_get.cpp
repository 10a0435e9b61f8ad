// Which WAL is fetched before PostgreSQL asks for it.
// SPDX-License-Identifier: MIT
#include "engine/plan/spool_get.hpp"

#include "engine/postgres/wal_name.hpp"

#include <algorithm>
#include <set>

namespace pgbraid::plan {

namespace {

constexpr std::string_view beside_suffix = ".ok";
constexpr size_t least_segments = 2;
constexpr size_t most_segments = 4096;

/// Names end somewhere: there are fewer then.
std::vector<std::string> segments_from(std::string_view first, size_t count,
                                       uint32_t segment_bytes) {
  std::vector<std::string> out;
  for (std::string name(first); out.size() < count && postgres::is_segment_name(name);
       name = postgres::next_segment(name, segment_bytes))
    out.push_back(name);
  return out;
}

} // namespace

size_t queue_segments(uint64_t queue_bytes, uint32_t segment_bytes) {
  const auto fit =
      static_cast<size_t>(std::min<uint64_t>(queue_bytes / segment_bytes, most_segments));
  return std::max(least_segments, fit);
}

std::string half_way_segment(std::string_view taken, uint64_t queue_bytes, uint32_t segment_bytes) {
  const auto behind = queue_segments(queue_bytes, segment_bytes) / 2 + 1;
  const auto names = segments_from(taken, behind + 1, segment_bytes);
  return names.size() == behind + 1 ? names.back() : std::string();
}

queue_plan plan_queue(std::string_view first, std::span<const std::string> names,
                      uint64_t queue_bytes, uint32_t segment_bytes) {
  const auto ideal =
      segments_from(first, queue_segments(queue_bytes, segment_bytes), segment_bytes);
  const std::set<std::string_view> wanted(ideal.begin(), ideal.end());
  const std::set<std::string_view> there(names.begin(), names.end());
  queue_plan out;
  for (const auto& name : names) {
    std::string_view of = name;
    if (of.ends_with(beside_suffix))
      of.remove_suffix(beside_suffix.size());
    // What an `.ok` says beside a segment is a warning about it; alone it has had its time.
    if (!wanted.contains(of) || !there.contains(of))
      out.remove.push_back(name);
  }
  while (out.ahead < ideal.size() && there.contains(ideal[out.ahead]))
    ++out.ahead;
  out.at_the_end =
      out.ahead < ideal.size() && there.contains(ideal[out.ahead] + std::string(beside_suffix));
  std::ranges::copy_if(ideal, std::back_inserter(out.fetch),
                       [&](const auto& name) { return !there.contains(name); });
  return out;
}

bool wants_refill(const queue_plan& left, uint64_t queue_bytes, uint32_t segment_bytes) {
  if (left.ahead == 0)
    return true;
  return !left.at_the_end && left.ahead <= queue_segments(queue_bytes, segment_bytes) / 2;
}

bool is_left_aside(int64_t troubled_ns, int64_t now_s) {
  constexpr int64_t ns_per_s = 1'000'000'000;
  constexpr int64_t pause_s = 30;
  const auto troubled_s = troubled_ns / ns_per_s;
  return now_s >= troubled_s && now_s - troubled_s < pause_s;
}

} // namespace pgbraid::plan
