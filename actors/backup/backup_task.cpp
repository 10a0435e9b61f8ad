// Reading, routing and finishing one file of a backup.
// SPDX-License-Identifier: MIT
#include "actors/backup/backup_task.hpp"

#include <algorithm>

namespace pgbraid {

bool is_made_here(std::string_view name) {
  return name == "pg_data/global/pg_control";
}

result<bool> backup_task::leave_out(task_outcome how) {
  learned.outcome = how;
  if (route_.bundle)
    if (auto skipped = route_.bundle->skip(route_.member); !skipped)
      return skipped.failure();
  return false;
}

/// Settles where the file is read: `remote_` is made, or `lease_` is that of this host.
result<void> backup_task::choose_source() {
  auto& sources = job_.sources_;
  const auto& wish = route_.wish;
  const auto turn = [this] { return has_turn(); };
  if (route_.remote) {
    auto begun = route_.remote->begin(route_.remote_index);
    if (!begun)
      return begun.failure();
    if (!sources.local(*begun))
      remote_ = std::make_unique<remote_member>(sources, job_.rules_, route_.remote,
                                                route_.remote_index, turn);
    else
      lease_ = sources.lease(*begun, wish.file.expected);
    return success();
  }
  auto lease = sources.choose(wish.for_standby, wish.file.expected);
  if (!lease)
    return lease.failure();
  if (!sources.local(lease->source()))
    remote_ = std::make_unique<remote_stream>(sources, job_.rules_, std::move(*lease), wish, turn);
  else
    lease_ = std::move(*lease);
  return success();
}

result<bool> backup_task::open_local(const graph::worker_tools& tools) {
  const auto& file = route_.wish.file;
  local_wish wish{.name = file.name,
                  .limit_bytes = file.limit,
                  .expected_bytes = file.expected,
                  .prefetch = route_.prefetch,
                  .prefetch_index = route_.prefetch_index};
  if (is_made_here(file.name)) {
    wish.content = &job_.settings_.control_file;
    source = job_.sources_.primary();
  } else {
    source = lease_.source();
    wish.at = job_.sources_.local(source)->find(file.name);
  }
  local_ = std::make_unique<local_file>(std::move(wish));
  auto there = local_->open(tools.engine);
  if (!there)
    return there.failure();
  if (!*there) {
    auto path_gone = local_->is_path_gone();
    if (!path_gone)
      return path_gone.failure();
    learned.path_gone = *path_gone;
    return leave_out(task_outcome::vanished);
  }
  // A file that was cut to nothing is only recorded in a bundle, which has no empty members.
  auto how = look_first(*local_, file);
  if (!how)
    return how.failure();
  if (*how != task_outcome::stored)
    return leave_out(*how);
  if (blocks_)
    if (auto begun = blocks_->begin(tools.engine); !begun)
      return begun.failure();
  return true;
}

result<bool> backup_task::open(const graph::worker_tools& tools) {
  engine_ = tools.engine;
  if (!is_made_here(name()))
    if (auto chosen = choose_source(); !chosen)
      return chosen.failure();
  // Another host's file is opened for writing with its first bytes: it may have vanished.
  if (remote_)
    return true;
  auto there = open_local(tools);
  if (!there || !*there || route_.bundle)
    return there;
  if (auto opened = open_writer(); !opened)
    return opened.failure();
  return true;
}

std::unique_ptr<codec::stream> backup_task::open_stream(codec::kernel& kernel) {
  if (remote_)
    return nullptr;
  return open_copy_stream(kernel, route_.wish.file, local_->rereader(), blocks_);
}

bool backup_task::ready_to_write(std::chrono::milliseconds) {
  return has_turn();
}

result<void> backup_task::open_writer() {
  auto target = job_.repo_.files().open_write(route_.target_path,
                                              {.how = publish::in_place,
                                               .make_parents = false,
                                               .may_open_late = true,
                                               .engine = engine_,
                                               .size_hint_bytes = route_.wish.file.expected});
  if (!target)
    return target.failure();
  writer_ = std::move(*target);
  return success();
}

/// What is left of bytes of another host when those of broken attempts are taken away; forgets what
/// was written of these.
byte_view backup_task::without_stale(byte_view in) {
  if (const auto begun_at = remote_->begun_at(); begun_at > begun_at_) {
    begun_at_ = begun_at;
    stored_bytes = 0;
    writer_.reset();
    if (route_.bundle)
      route_.bundle->begin_again();
    if (blocks_)
      blocks_->begin_again();
  }
  const auto stale = taken_bytes_ < begun_at_ ? std::min(in.size(), begun_at_ - taken_bytes_) : 0;
  taken_bytes_ += in.size();
  return in.subspan(stale);
}

result<void> backup_task::write(byte_view in) {
  if (remote_)
    in = without_stale(in);
  if (in.empty())
    return success();
  stored_bytes += in.size();
  if (blocks_)
    blocks_->see_stored(in);
  if (route_.bundle)
    return route_.bundle->write(in);
  if (!writer_)
    if (auto opened = open_writer(); !opened)
      return opened;
  return writer_->write(in);
}

/// Whether it turned out that the prior backup has the same content.
bool backup_task::is_as_before() const {
  return route_.before && learned.plain_bytes == route_.before->size_bytes &&
         learned.checksum == route_.before->checksum;
}

result<void> backup_task::leave_bundle() {
  if (stored_bytes > 0)
    route_.bundle->begin_again(); // nobody refers to what was written
  return route_.bundle->skip(route_.member);
}

result<void> backup_task::remove_written() {
  const bool written = writer_ != nullptr || taken_bytes_ > 0;
  writer_.reset();
  if (written && route_.resumed && learned.outcome == task_outcome::unchanged)
    return error{errc::file_write,
                 "'" + name() + "' changed while it was compared, and changed back"};
  return written ? job_.repo_.files().remove_file(route_.target_path) : success();
}

/// What was stored of the file gets its map, now that it is known where it lies.
result<void> backup_task::end_blocks() {
  if (learned.block_notes)
    if (auto followed = blocks_->follow(*learned.block_notes, learned.plain_bytes, stored_bytes);
        !followed)
      return followed.failure().within("'" + name() + "'");
  if (blocks_->is_unchanged())
    return error{errc::checksum,
                 "the blocks of '" + name() + "' have the checksums of those in backup " +
                     job_.settings_.prior->label + ", but the file has not",
                 "A new full backup (--type=full) stores all of them."};
  auto map = blocks_->seal_map({.reference = job_.own_reference(),
                                .bundle_id = route_.bundle_id,
                                .offset_bytes = route_.bundle ? route_.bundle->member_offset() : 0},
                               job_.manifest_.cipher_pass);
  if (!map)
    return map.failure();
  if (auto written = write(*map); !written)
    return written;
  map_bytes = map->size();
  learned.repo_checksum = blocks_->stored_checksum();
  return success();
}

result<void> backup_task::finish(const graph::file_streams& streams) {
  if (remote_) {
    without_stale({});
    learned = remote_->results();
    source = remote_->source();
  } else {
    take_copy_results(streams, learned);
    learned.plain_bytes = local_->read_bytes();
    lease_.delivered(learned.plain_bytes);
  }
  local_.reset();
  remote_.reset();
  lease_ = {};
  if (learned.outcome == task_outcome::stored && is_as_before())
    learned.outcome = task_outcome::unchanged;
  if (blocks_ && learned.outcome == task_outcome::stored && learned.plain_bytes == 0)
    learned.outcome = task_outcome::empty; // it was cut to nothing, and there is nothing of it
  if (blocks_ && learned.outcome == task_outcome::stored)
    if (auto ended = end_blocks(); !ended)
      return ended;
  if (blocks_)
    blocks_->end();
  learned.block_notes = {};
  if (learned.outcome != task_outcome::stored)
    return route_.bundle ? leave_bundle() : remove_written();
  if (route_.bundle) {
    auto offset = route_.bundle->end(route_.member);
    if (!offset)
      return offset.failure();
    bundle_offset_bytes = *offset;
    return success();
  }
  if (!writer_)
    if (auto opened = open_writer(); !opened)
      return opened;
  return writer_->begin_commit();
}

result<bool> backup_task::settled(bool wait) {
  if (learned.outcome != task_outcome::stored)
    return true;
  if (route_.bundle)
    return route_.bundle->committed(wait);
  auto done = writer_->committed(wait);
  if (done && *done)
    writer_.reset();
  return done;
}

} // namespace pgbraid
