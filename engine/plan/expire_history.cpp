// Which manifests in backup.history retention no longer keeps.
// SPDX-License-Identifier: MIT
#include "engine/plan/expire_history.hpp"

#include "engine/format/repository_path.hpp"
#include "engine/plan/retention.hpp"

#include <algorithm>

namespace pgbraid::plan {

namespace {

bool is_year(std::string_view name) {
  return name.size() == 4 && name.find_first_not_of("0123456789") == std::string_view::npos;
}

} // namespace

history_retention::history_retention(const format::backup_info& left, uint64_t days, int64_t now_s)
    : left_(left) {
  // Before 1970 nobody made backups.
  if (now_s > 0 && days < static_cast<uint64_t>(now_s / day_s))
    first_kept_ =
        format::make_label(format::backup_type::full, now_s - static_cast<int64_t>(days) * day_s);
}

bool history_retention::drops_year(std::string_view year) const {
  return must_look_into(year) && year < format::history_year(first_kept_) &&
         std::ranges::none_of(left_.backups, [&](const auto& one) {
           return format::history_year(one.label) == year;
         });
}

bool history_retention::must_look_into(std::string_view year) const {
  return !first_kept_.empty() && is_year(year) && year <= format::history_year(first_kept_);
}

bool history_retention::drops_file(std::string_view name) const {
  if (!name.ends_with(format::history_suffix))
    return false;
  name.remove_suffix(format::history_suffix.size());
  return format::is_label(name) && name < first_kept_ && left_.find(name) == nullptr;
}

} // namespace pgbraid::plan
