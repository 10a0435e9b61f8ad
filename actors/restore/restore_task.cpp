// Restoring one file.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore_task.hpp"

#include "engine/codec/block_unpack.hpp"
#include "engine/codec/container_kernel.hpp"
#include "engine/codec/digest.hpp"
#include "engine/format/repository_path.hpp"

#include <fmt/format.h>

namespace pgbraid {

restore_task::restore_task(restore_context& context, const format::manifest_file& file,
                           const format::manifest_file& copy,
                           std::shared_ptr<shared_bytes> together, size_t position)
    : placed_file(context, file, copy), together_(std::move(together)), position_(position) {}

restore_task::~restore_task() = default;

result<bool> restore_task::open(const graph::worker_tools& tools) {
  auto kept = keep_existing();
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

result<void> restore_task::open_source(const graph::worker_tools& tools) {
  if (has_no_source())
    return success();
  if (auto may = may_ask(); !may)
    return may;
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
                          .sync_later = context_.sync_small_later && plan::is_synced_later(file_),
                          .mtime_s = file_.mtime_s,
                          .uid = owner.uid,
                          .gid = owner.gid,
                          .engine = tools.engine,
                          .size_hint_bytes = file_.size_bytes};
  auto file = zeroed_ ? target().open_hollow(target_path(), file_.size_bytes, how)
                      : target().open_write(target_path(), how);
  if (!file)
    return explain_write(file.failure());
  target_ = std::move(*file);
  return success();
}

result<size_t> restore_task::read(byte_span out) {
  if (source_)
    return source_->read(out);
  const auto count = take_front(stored_, out);
  if (stored_.empty())
    together_ = nullptr;
  return count;
}

std::unique_ptr<codec::stream> restore_task::open_stream(codec::kernel& kernel) {
  if (dynamic_cast<codec::block_unpack_kernel*>(&kernel) != nullptr)
    return nullptr;
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
  if (auto right = compare(codec::digest_kernel::value(*streams.of(graph::finding::checksum)));
      !right)
    return right;
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

void restore_task::let_go() {
  source_ = nullptr;
  target_ = nullptr;
  together_ = nullptr;
}

} // namespace pgbraid
