// Restoring one file.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore_task.hpp"

#include "engine/base/units.hpp"
#include "engine/codec/container_kernel.hpp"
#include "engine/codec/digest.hpp"
#include "engine/codec/stepper.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/restore_copies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace pgbraid {

namespace {

constexpr size_t delta_chunk_bytes = 256 * 1024;

} // namespace

restore_task::restore_task(restore_context& context, const format::manifest_file& file,
                           const format::manifest_file& copy,
                           std::shared_ptr<shared_bytes> together, size_t position)
    : context_(context), file_(file), copy_(copy), together_(std::move(together)),
      position_(position), place_(context.where.locate(file.name)),
      zeroed_(context.rules.is_zeroed(file.name)) {
  if (file.name == plan::control_file_name)
    place_.path += plan::control_file_suffix;
}

restore_task::~restore_task() = default;

std::string restore_task::name() const {
  return context_.where.absolute(place_);
}

result<bool> restore_task::open(const graph::worker_tools& tools) {
  auto kept = keep_existing(tools);
  if (!kept)
    return of_target(kept.failure());
  if (*kept)
    return false;
  if (auto opened = open_source(tools); !opened)
    return opened.failure();
  if (auto opened = open_target(tools); !opened)
    return opened.failure();
  return true;
}

result<std::optional<entry_info>> restore_task::kept_entry(const graph::worker_tools& tools) {
  using kept = std::optional<entry_info>;
  if (!context_.delta || zeroed_)
    return kept();
  auto& target = context_.tree.at(place_.root);
  auto found = target.info(place_.path);
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
  auto same = has_same_content(target, place_.path, tools);
  if (!same)
    return same.failure();
  return *same ? *found : kept();
}

result<bool> restore_task::would_keep(const graph::worker_tools& tools) {
  auto found = kept_entry(tools);
  if (!found)
    return found.failure();
  return found->has_value();
}

result<bool> restore_task::keep_existing(const graph::worker_tools& tools) {
  auto found = kept_entry(tools);
  if (!found)
    return found.failure();
  if (!*found)
    return false;
  auto& target = context_.tree.at(place_.root);
  const auto& info = **found;
  const auto owner = context_.owners.ids(file_.user, file_.group);
  storage::attributes wanted{
      .mode = file_.mode, .uid = owner.uid, .gid = owner.gid, .mtime_s = file_.mtime_s};
  if (!context_.owners.is_root() &&
      (info.uid != context_.owners.own_uid() || info.gid != context_.owners.own_gid())) {
    wanted.uid = context_.owners.own_uid();
    wanted.gid = context_.owners.own_gid();
  }
  if (auto set = target.set_attributes(place_.path, wanted); !set)
    return set.failure();
  outcome_ = outcome::matched;
  return true;
}

result<bool> restore_task::has_same_content(storage& target, const std::string& path,
                                            const graph::worker_tools& tools) {
  auto file = target.open_read(path, {.limit_bytes = file_.size_bytes,
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

result<void> restore_task::open_source(const graph::worker_tools& tools) {
  if (has_no_source())
    return success();
  if (context_.repository_lost)
    return error{errc::host_connect,
                 fmt::format("'{}' is not asked for: the repository was lost", name())};
  if (together_) {
    auto bytes = together_->bytes_of(position_, tools.engine);
    if (!bytes)
      return bytes.failure();
    stored_ = *bytes;
    return success();
  }
  const auto path = format::stored_file_path(context_.stanza, context_.stored, copy_);
  auto file = context_.repository.open_read(
      path, {.offset_bytes = copy_.in_bundle() ? copy_.bundle_offset_bytes : 0,
             .limit_bytes = copy_.stored_bytes(),
             .engine = tools.engine,
             .size_hint_bytes = copy_.stored_bytes()});
  if (!file)
    return file.failure();
  source_ = std::move(*file);
  return success();
}

result<void> restore_task::open_target(const graph::worker_tools& tools) {
  const auto owner = context_.owners.ids(file_.user, file_.group);
  const write_options how{.how = publish::in_place,
                          .mode = file_.mode,
                          .make_parents = false,
                          .mtime_s = file_.mtime_s,
                          .uid = owner.uid,
                          .gid = owner.gid,
                          .engine = tools.engine,
                          .size_hint_bytes = file_.size_bytes};
  auto& root = context_.tree.at(place_.root);
  auto file = zeroed_ ? root.open_hollow(place_.path, file_.size_bytes, how)
                      : root.open_write(place_.path, how);
  if (!file)
    return explain_write(file.failure());
  target_ = std::move(*file);
  return success();
}

result<size_t> restore_task::read(byte_span out) {
  if (source_)
    return source_->read(out);
  const auto count = std::min(out.size(), stored_.size());
  if (count != 0)
    std::memcpy(out.data(), stored_.data(), count);
  stored_ = stored_.subspan(count);
  if (stored_.empty())
    together_ = nullptr;
  return count;
}

std::unique_ptr<codec::stream> restore_task::open_stream(codec::kernel& kernel) {
  auto* const container = dynamic_cast<codec::container_kernel*>(&kernel);
  if (container == nullptr)
    return kernel.open();
  if (has_no_source())
    return container->open_empty();
  return copy_.in_bundle() && context_.stored.bundle_raw ? container->open_raw()
                                                         : container->open();
}

result<void> restore_task::write(byte_view in) {
  if (in.size() > file_.size_bytes - written_bytes_)
    return error{
        errc::checksum,
        fmt::format("error restoring '{}': there is more than the {} bytes of the manifest", name(),
                    file_.size_bytes)};
  if (auto written = target_->write(in); !written)
    return explain_write(written.failure());
  written_bytes_ += in.size();
  return success();
}

result<void> restore_task::finish(const graph::file_streams& streams) {
  if (!zeroed_)
    if (auto right = check_content(streams); !right)
      return right;
  source_ = nullptr;
  if (auto begun = target_->begin_commit(); !begun)
    return explain_write(begun.failure());
  outcome_ = zeroed_ ? outcome::zeroed : outcome::restored;
  return success();
}

result<void> restore_task::check_content(const graph::file_streams& streams) const {
  const auto actual = codec::digest_kernel::value(*streams.of(graph::finding::checksum));
  if (actual != file_.checksum)
    return error{errc::checksum,
                 fmt::format("error restoring '{}': actual checksum '{}' does not match expected "
                             "checksum '{}'",
                             name(), to_hex(actual), to_hex(file_.checksum))};
  assert(written_bytes_ <= file_.size_bytes);
  if (written_bytes_ != file_.size_bytes)
    return error{errc::checksum, fmt::format("error restoring '{}': actual size {} does not match "
                                             "expected size {}",
                                             name(), written_bytes_, file_.size_bytes)};
  return success();
}

result<bool> restore_task::settled(bool wait) {
  auto done = target_->committed(wait);
  if (!done)
    return explain_write(done.failure());
  if (*done)
    target_ = nullptr;
  return done;
}

bool restore_task::put_aside(const error& why) {
  if (!context_.may_put_aside || target_failed_)
    return false;
  if (plan::is_lost_repository(why))
    context_.repository_lost = true;
  why_ = why;
  outcome_ = outcome::put_aside;
  source_ = nullptr;
  target_ = nullptr;
  together_ = nullptr;
  return true;
}

error restore_task::of_target(const error& what) {
  target_failed_ = true;
  return what;
}

error restore_task::explain_write(const error& what) {
  target_failed_ = true;
  if (what.code != errc::file_write)
    return what;
  auto free = context_.tree.at(place_.root).free_bytes();
  const uint64_t left = context_.left_bytes;
  if (!free || !*free || **free >= left)
    return what;
  auto out = what;
  out.hint += fmt::format("{}Still to be restored: {}; free: {}; missing: at least {} ({} bytes).",
                          out.hint.empty() ? "" : "\n", format_size(left), format_size(**free),
                          format_size(left - **free), left - **free);
  return out;
}

} // namespace pgbraid
