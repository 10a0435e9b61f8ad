// Limits of modes, and whose directories are ours.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_access.hpp"

#include <fmt/format.h>

namespace pgbraid::plan {

namespace {

constexpr uint16_t permission_bits = 0777;
constexpr uint16_t owner_bits = 0700;

/// Goes through the entries of one kind and counts those that were changed.
class limiter {
public:
  template <class Entry> result<void> apply(Entry& entry, uint16_t allowed, uint16_t needed) {
    if ((entry.mode & ~permission_bits) != 0)
      return error{errc::format,
                   fmt::format("mode {:04o} of '{}' in the manifest has set-id or sticky bits",
                               entry.mode, entry.name),
                   "No backup has these: the manifest is damaged or was made to get at this host; "
                   "nothing was changed."};
    const auto limited = static_cast<uint16_t>((entry.mode & allowed) | needed);
    if (limited == entry.mode)
      return success();
    if (count_++ == 0)
      first_ = fmt::format("'{}' ({:04o}, now {:04o})", entry.name, entry.mode, limited);
    entry.mode = limited;
    return success();
  }

  std::optional<std::string> note() const {
    if (count_ == 0)
      return {};
    return fmt::format("{} mode(s) of the backup are not restored as they were, such as that of "
                       "{}: a cluster's directories are closed to others and only their owner "
                       "writes to its files",
                       count_, first_);
  }

private:
  size_t count_ = 0;
  std::string first_;
};

} // namespace

result<std::optional<std::string>> limit_modes(format::manifest& of) {
  limiter modes;
  for (auto& path : of.paths)
    if (auto fits = modes.apply(path, path_mode_bits, owner_bits); !fits)
      return fits.failure();
  for (auto& file : of.files)
    if (auto fits = modes.apply(file, file_mode_bits, 0); !fits)
      return fits.failure();
  return modes.note();
}

bool is_ours(uint32_t owner_uid, uint32_t cluster_uid) {
  return cluster_uid != 0 && owner_uid == cluster_uid;
}

bool may_lie_in_target(root_kind kind, std::string_view name) {
  return name == "lost+found" || (kind == root_kind::tablespace && name.starts_with("PG_"));
}

} // namespace pgbraid::plan
