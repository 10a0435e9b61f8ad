// Target timelines.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pgbraid::plan {

namespace {

std::optional<uint32_t> parse_timeline(std::string_view text) {
  const int base = text.starts_with("0x") || text.starts_with("0X") ? 16 : 10;
  if (base == 16)
    text.remove_prefix(2);
  uint32_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (failure != std::errc() || end != text.data() + text.size() || value == 0)
    return {};
  return value;
}

} // namespace

result<timeline_wish> read_timeline_wish(const std::optional<std::string>& option,
                                         recovery_type type, postgres::version_number version) {
  if (!option) {
    const bool stays = version < 120000 || type == recovery_type::immediate;
    return timeline_wish{stays ? timeline_wish_kind::current : timeline_wish_kind::latest};
  }
  if (*option == "current")
    return timeline_wish{timeline_wish_kind::current};
  if (*option == "latest")
    return timeline_wish{timeline_wish_kind::latest};
  if (const auto number = parse_timeline(*option))
    return timeline_wish{timeline_wish_kind::number, *number};
  return error{errc::db_mismatch, fmt::format("invalid target timeline '{}'", *option),
               "Give 'current', 'latest', or a timeline as decimal or 0x-hexadecimal number."};
}

result<void> check_timeline(uint32_t target, uint32_t backup_timeline, postgres::lsn backup_start,
                            std::span<const format::timeline_switch> history) {
  if (target == backup_timeline)
    return success();
  const auto found =
      std::ranges::find(history, backup_timeline, &format::timeline_switch::timeline);
  if (found == history.end())
    return error{errc::db_mismatch,
                 fmt::format("target timeline {} does not descend from timeline {} of the backup",
                             target, backup_timeline),
                 "Choose another backup with --set, or another timeline with --target-timeline."};
  if (found->lsn <= backup_start)
    return error{
        errc::db_mismatch,
        fmt::format("target timeline {} forked from timeline {} of the backup at {}, which "
                    "is before the backup began at {}",
                    target, backup_timeline, postgres::format_lsn(found->lsn),
                    postgres::format_lsn(backup_start)),
        "Choose an older backup with --set, or another timeline with --target-timeline."};
  return success();
}

} // namespace pgbraid::plan
