// What is in the place of a file, and what stays of it.
// SPDX-License-Identifier: MIT
#include "actors/restore/placed_file.hpp"

#include "engine/base/units.hpp"
#include "engine/codec/digest.hpp"
#include "engine/codec/stepper.hpp"
#include "engine/plan/restore_copies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace pgbraid {

namespace {

constexpr size_t delta_chunk_bytes = 256 * 1024;

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

result<std::optional<entry_info>> placed_file::kept_entry(const graph::worker_tools& tools) {
  using kept = std::optional<entry_info>;
  if (!context_.delta || zeroed_)
    return kept();
  auto found = target().info(place_.path);
  if (!found)
    return found.failure();
  // A file that is too large is written anew: the pages after its end belong to a later time, and
  // a relation that grew hardly ever kept all its pages.
  if (!*found || (*found)->kind != entry_kind::file || (*found)->size_bytes != file_.size_bytes)
    return kept();
  if (context_.force) {
    const auto time_s = (*found)->mtime_s;
    return time_s == file_.mtime_s && time_s < context_.backup.copy_start_s ? *found : kept();
  }
  auto same = has_same_content(tools);
  if (!same)
    return same.failure();
  return *same ? *found : kept();
}

result<bool> placed_file::would_keep(const graph::worker_tools& tools) {
  auto found = kept_entry(tools);
  if (!found)
    return found.failure();
  return found->has_value();
}

result<bool> placed_file::keep_existing(const graph::worker_tools& tools) {
  auto found = kept_entry(tools);
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
  if (auto set = target().set_attributes(place_.path, wanted); !set)
    return set.failure();
  outcome_ = outcome::matched;
  return true;
}

result<bool> placed_file::has_same_content(const graph::worker_tools& tools) {
  auto file = target().open_read(place_.path, {.limit_bytes = file_.size_bytes,
                                               .engine = tools.engine,
                                               .size_hint_bytes = file_.size_bytes});
  if (!file)
    return file.failure();
  codec::digest_kernel digest;
  const auto stream = digest.open();
  std::vector<std::byte> chunk(std::min<uint64_t>(delta_chunk_bytes, file_.size_bytes + 1));
  for (bool last = false; !last;) {
    auto got = (*file)->read(chunk);
    if (!got)
      return got.failure();
    last = *got < chunk.size();
    if (auto seen =
            codec::observe(digest, *stream, codec::window_of(byte_view(chunk).first(*got), last));
        !seen)
      return seen.failure();
  }
  return codec::digest_kernel::value(*stream) == file_.checksum;
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
