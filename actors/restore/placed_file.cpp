// What is in the place of a file, and what stays of it.
// SPDX-License-Identifier: MIT
#include "actors/restore/placed_file.hpp"

#include "engine/base/units.hpp"
#include "engine/plan/restore_copies.hpp"

#include <fmt/format.h>

#include <utility>

namespace pgbraid {

namespace {

/// Then the file is left as it is: of a million that stay, hardly one is touched.
bool are_right(const entry_info& found, const storage::attributes& wanted) {
  return wanted.mode.value_or(found.mode) == found.mode &&
         wanted.uid.value_or(found.uid) == found.uid &&
         wanted.gid.value_or(found.gid) == found.gid &&
         wanted.mtime_s.value_or(found.mtime_s) == found.mtime_s;
}

} // namespace

placed_file::placed_file(restore_context& context, const format::manifest_file& file,
                         const format::manifest_file& copy)
    : context_(context), file_(file), copy_(copy), zeroed_(context.rules.is_zeroed(file.name)),
      place_(context.where.locate(file.name)) {
  if (file.name == plan::control_file_name)
    place_.path += plan::control_file_suffix;
}

std::string placed_file::name() const {
  return context_.where.absolute(place_);
}

void placed_file::keep(std::shared_ptr<kept_files> among, size_t position) {
  kept_ = std::move(among);
  kept_position_ = position;
}

result<bool> placed_file::keep_existing() {
  if (kept_ == nullptr)
    return false;
  const auto found = kept_->at(kept_position_);
  if (!found)
    return found.failure();
  if (!*found)
    return false;
  const auto& info = **found;
  const auto owner = context_.owners.ids(file_.user, file_.group);
  storage::attributes wanted{
      .mode = file_.mode, .uid = owner.uid, .gid = owner.gid, .mtime_s = file_.mtime_s};
  if (!context_.owners.is_root() &&
      (info.uid != context_.owners.own_uid() || info.gid != context_.owners.own_gid())) {
    wanted.uid = context_.owners.own_uid();
    wanted.gid = context_.owners.own_gid();
  }
  if (!are_right(info, wanted))
    if (auto set = target().set_attributes(place_.path, wanted); !set)
      return set.failure();
  outcome_ = outcome::matched;
  return true;
}

result<void> placed_file::may_ask() const {
  if (!context_.repository_lost)
    return success();
  return error{errc::host_connect,
               fmt::format("'{}' is not asked for: the repository was lost", name())};
}

bool placed_file::put_aside(const error& why) {
  if (!context_.may_put_aside || target_failed_)
    return false;
  if (plan::is_lost_repository(why))
    context_.repository_lost = true;
  why_ = why;
  outcome_ = outcome::put_aside;
  let_go();
  return true;
}

error placed_file::of_target(const error& what) {
  target_failed_ = true;
  return what;
}

error placed_file::explain_write(const error& what) {
  target_failed_ = true;
  if (what.code != errc::file_write)
    return what;
  auto free = target().free_bytes();
  const uint64_t left = context_.left_bytes;
  if (!free || !*free || **free >= left)
    return what;
  auto out = what;
  out.hint += fmt::format("{}Still to be restored: {}; free: {}; missing: at least {} ({} bytes).",
                          out.hint.empty() ? "" : "\n", format_size(left), format_size(**free),
                          format_size(left - **free), left - **free);
  return out;
}

result<void> placed_file::compare(const format::sha1_bytes& actual) const {
  if (actual == file_.checksum)
    return success();
  return error{errc::checksum,
               fmt::format("error restoring '{}': actual checksum '{}' does not match expected "
                           "checksum '{}'",
                           name(), to_hex(actual), to_hex(file_.checksum))};
}

} // namespace pgbraid
