// Reading, routing and finishing one file of a backup.
// SPDX-License-Identifier: MIT
#include "storage/backup/backup_task.hpp"

#include "engine/postgres/exclusion.hpp"

#include <algorithm>
#include <cstring>

namespace pgbraid {

namespace {

constexpr std::string_view control_name = "pg_data/global/pg_control";

} // namespace

result<bool> backup_task::leave_out(task_outcome how) {
  outcome = how;
  if (route_.bundle)
    if (auto skipped = route_.bundle->skip(route_.member); !skipped)
      return skipped.failure();
  return false;
}

result<bool> backup_task::open_source(const graph::worker_tools& tools) {
  if (route_.name == control_name) {
    content_ = job_.settings_.control_file;
    return true;
  }
  if (route_.prefetch)
    prefetched_ = route_.prefetch->take(route_.prefetch_index, tools.engine);
  if (prefetched_) {
    content_ = *prefetched_;
    return true;
  }
  auto opened =
      route_.source.in->open_read(route_.source.path, {.limit_bytes = route_.limit_bytes,
                                                       .engine = tools.engine,
                                                       .size_hint_bytes = route_.expected_bytes});
  if (!opened && opened.failure().code == errc::file_missing)
    return false;
  if (!opened)
    return opened.failure();
  reader_ = std::move(*opened);
  return true;
}

result<bool> backup_task::open(const graph::worker_tools& tools) {
  auto there = open_source(tools);
  if (!there)
    return there.failure();
  if (!*there)
    return leave_out(task_outcome::vanished);
  if (route_.bundle) {
    // A file that was cut to nothing is only recorded: bundles have no empty members.
    std::byte probe;
    auto first = content_ ? result<size_t>(content_->size()) : reader_->read_at({&probe, 1}, 0);
    if (!first)
      return first.failure();
    return *first == 0 ? leave_out(task_outcome::empty) : result<bool>(true);
  }
  auto target = job_.repo_.files().open_write(
      route_.target_path,
      {.how = publish::in_place, .engine = tools.engine, .size_hint_bytes = route_.expected_bytes});
  if (!target)
    return target.failure();
  writer_ = std::move(*target);
  return true;
}

result<size_t> backup_task::read(byte_span out) {
  if (!content_) {
    auto got = reader_->read(out);
    if (got)
      plain_bytes += *got;
    return got;
  }
  const auto count = std::min(out.size(), content_->size() - content_read_);
  std::memcpy(out.data(), content_->data() + content_read_, count);
  content_read_ += count;
  plain_bytes += count;
  return count;
}

result<size_t> backup_task::read_again(byte_span out, uint64_t offset_bytes) const {
  if (reader_)
    return reader_->read_at(out, offset_bytes);
  auto again = route_.source.in->open_read(route_.source.path);
  // A relation that is gone by now cannot tell whether its page was torn: the page counts as is.
  if (!again)
    return again.failure().code == errc::file_missing ? result<size_t>(0) : again.failure();
  return (*again)->read_at(out, offset_bytes);
}

std::unique_ptr<codec::stream> backup_task::open_stream(size_t, codec::kernel& kernel) {
  auto* checker = dynamic_cast<codec::page_check_kernel*>(&kernel);
  if (!checker)
    return kernel.open();
  if (!route_.check_pages)
    return nullptr;
  return checker->open({.segment = postgres::relation_segment(route_.name),
                        .read_again = [this](byte_span into, uint64_t offset_bytes) {
                          return read_again(into, offset_bytes);
                        }});
}

bool backup_task::ready_to_write(std::chrono::milliseconds) {
  return !route_.bundle || route_.bundle->has_turn(route_.member);
}

result<void> backup_task::write(byte_view in) {
  stored_bytes += in.size();
  return route_.bundle ? route_.bundle->write(in) : writer_->write(in);
}

result<void> backup_task::finish(std::span<const std::unique_ptr<codec::stream>> streams) {
  const auto& at = job_.positions_;
  checksum = codec::digest_kernel::value(*streams[at.checksum]);
  if (at.repo_checksum)
    repo_checksum = codec::digest_kernel::value(*streams[*at.repo_checksum]);
  if (at.page_check && streams[*at.page_check])
    pages = codec::page_check_kernel::verdict(*streams[*at.page_check]);
  reader_.reset();
  content_.reset();
  prefetched_.reset();
  if (!route_.bundle)
    return writer_->begin_commit();
  auto offset = route_.bundle->end(route_.member);
  if (!offset)
    return offset.failure();
  bundle_offset_bytes = *offset;
  return success();
}

result<bool> backup_task::settled(bool wait) {
  if (outcome != task_outcome::stored)
    return true;
  if (route_.bundle)
    return route_.bundle->committed(wait);
  auto done = writer_->committed(wait);
  if (done && *done)
    writer_.reset();
  return done;
}

} // namespace pgbraid
