// How far an archive is behind.
// SPDX-License-Identifier: MIT
#include "engine/plan/archive_lag.hpp"

#include "engine/base/units.hpp"
#include "engine/plan/restore_wal.hpp"
#include "engine/plan/segment_size.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::plan {

namespace {

/// From one segment to another one of the same timeline. Within one log nobody needs to know how
/// large they are.
std::optional<uint64_t> segments_from(const archived_segment& from, const archived_segment& to,
                                      std::optional<uint32_t> segment_bytes) {
  if (from.log == to.log)
    return to.number - from.number;
  if (!segment_bytes)
    return std::nullopt;
  const auto place = [&](const archived_segment& one) {
    return uint64_t{one.log} * (log_bytes / *segment_bytes) + one.number;
  };
  // Names that no such cluster gives may have been put there by anybody.
  return place(from) < place(to) ? std::optional(place(to) - place(from)) : std::nullopt;
}

} // namespace

std::optional<archive_lag> lag_behind(std::string_view last, std::string_view newest,
                                      std::optional<uint32_t> segment_bytes) {
  if (newest.empty() || last >= newest)
    return std::nullopt;
  archive_lag out{.newest = std::string(newest)};
  if (last.empty() || postgres::timeline_of(last) != postgres::timeline_of(newest))
    return out;
  out.segments =
      segments_from(archived_segment_of(last, 0), archived_segment_of(newest, 0), segment_bytes);
  if (out.segments && segment_bytes)
    out.bytes = *out.segments * *segment_bytes;
  return out;
}

std::string newest_completed(std::span<const std::string> status_names) {
  std::string_view out;
  for (const std::string_view name : status_names)
    for (const std::string_view suffix : {".ready", ".done"})
      if (name.ends_with(suffix))
        if (const auto wal = name.substr(0, name.size() - suffix.size());
            postgres::is_segment_name(wal))
          out = std::max(out, wal);
  return std::string(out);
}

std::string lag_in_words(const archive_lag& of) {
  if (!of.segments)
    return fmt::format("behind {}", of.newest);
  const auto bytes = of.bytes ? fmt::format(" ({})", format_size(*of.bytes)) : "";
  return fmt::format("{} segment(s){} behind {}", *of.segments, bytes, of.newest);
}

} // namespace pgbraid::plan
