// Dealing and settling the files of a restore.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore_job.hpp"

#include "actors/restore/block_task.hpp"
#include "actors/restore/restore_task.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/base/log.hpp"
#include "engine/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbraid {

namespace {

/// The file that is to be there, of one that is stored.
const format::manifest_file& wanted_file(const restore_context& context,
                                         const format::manifest_file& copy) {
  if (&context.stored == &context.backup)
    return copy;
  const auto* found = context.backup.find_file(copy.name);
  assert(found != nullptr);
  return *found;
}

batch_bytes read_together(restore_context& context, const plan::restore_batch& batch,
                          std::shared_ptr<shared_bytes> near) {
  batch_bytes out{.near = std::move(near)};
  if (batch.kind == plan::batch_kind::bundle && context.reading.asks_together() &&
      std::ranges::count_if(batch.files, [&](const auto* file) {
        return plan::may_have_far_blocks(context.stored, *file);
      }) > 1)
    out.far = std::make_shared<far_blocks>(context, batch.files, out.near);
  return out;
}

} // namespace

restore_job::restore_job(restore_context& context, std::vector<plan::restore_batch> batches)
    : context_(context), batches_(std::move(batches)),
      reading_(context.repository, context.stanza, context.stored, batches_) {
  for (const auto& batch : batches_)
    for (const auto* file : batch.files) {
      total_bytes_ += file->size_bytes;
      context_.left_bytes += room_for(*file);
      ++total_files_;
    }
}

// An empty file has no blocks, whatever its entry says.
bool restore_job::reads_blocks(const format::manifest_file& copy) const {
  return copy.is_block_incremental() && copy.size_bytes != 0 &&
         !context_.rules.is_zeroed(copy.name);
}

uint64_t restore_job::room_for(const format::manifest_file& file) const {
  return context_.rules.is_zeroed(file.name) || context_.same.contains(&file) ? 0 : file.size_bytes;
}

graph::task_list restore_job::deal() {
  graph::task_list out;
  if (next_ == batches_.size())
    return out;
  const auto& batch = batches_[next_++];
  const auto together = read_together(context_, batch, reading_.next());
  const auto kept = std::make_shared<kept_files>(context_.where, context_.tree);
  for (size_t i = 0; i < batch.files.size(); ++i) {
    const auto& copy = *batch.files[i];
    const auto& file = wanted_file(context_, copy);
    std::shared_ptr<placed_file> task;
    if (reads_blocks(copy))
      task = std::make_shared<block_task>(context_, file, copy, together, i);
    else
      task = std::make_shared<restore_task>(context_, file, copy, together.near, i);
    if (context_.same.contains(&file))
      task->keep(kept, kept->add(file));
    out.push_back(std::move(task));
  }
  return out;
}

result<void> restore_job::settled(graph::task& done) {
  const auto& task = dynamic_cast<const placed_file&>(done);
  const auto& file = task.file();
  if (task.what_happened() == placed_file::outcome::put_aside) {
    left_.push_back({&file, task.name(), task.why()});
    return success();
  }
  done_bytes_ += file.size_bytes;
  the_command_stage.done_bytes = done_bytes_;
  the_command_stage.total_bytes = total_bytes_;
  context_.left_bytes -= room_for(file);
  if (file.pages == format::page_check::broken &&
      task.what_happened() == placed_file::outcome::restored) {
    ++bad_page_files_;
    log::warn("invalid page checksum(s) found in file {}", task.name());
  }
  if (log::enabled(log::level::detail))
    tell(task);
  return success();
}

void restore_job::tell(const placed_file& task) const {
  const auto& file = task.file();
  const bool matched = task.what_happened() == placed_file::outcome::matched;
  const bool zeroed = task.what_happened() == placed_file::outcome::zeroed;
  const auto bundle = file.in_bundle()
                          ? fmt::format("bundle {}/{}, ", file.bundle_id, file.bundle_offset_bytes)
                          : std::string();
  const double percent = total_bytes_ == 0 ? 100.0
                                           : 100.0 * static_cast<double>(done_bytes_) /
                                                 static_cast<double>(total_bytes_);
  log::detail(
      "restore {}file {}{} ({}{}, {:.2f}%){}", zeroed ? "zeroed " : "", task.name(),
      matched ? " - exists and matches backup" : "", bundle, format_size(file.size_bytes), percent,
      file.size_bytes == 0 || zeroed ? "" : fmt::format(" checksum {}", to_hex(file.checksum)));
}

graph::task_use restore_job::use(bool repository_here) const {
  uint64_t most = 0;
  for (const auto& batch : batches_)
    for (const auto* file : batch.files)
      most = std::max(most, reads_blocks(*file) ? memory_of_blocks(*file) : 0);
  // A worker holds the batch it works on and the one that was dealt ahead.
  return {.bytes_per_worker = 2 * context_.reading.bytes,
          .bytes_per_file = most,
          .shared_bytes = batches_ahead::memory_bytes(context_.repository, context_.reading),
          .repository_here = repository_here,
          .settling_files = settling().files,
          .shared_descriptors = context_.where.roots().size() + 1};
}

graph::job_shape restore_job::shape() const {
  graph::job_shape out{.rules = {.compression = context_.stored.options.compress_kind,
                                 .cipher_pass = context_.stored.cipher_pass},
                       .bundle = context_.stored.bundle,
                       .file_count = total_files_,
                       .plain_bytes = total_bytes_};
  for (const auto& batch : batches_)
    for (const auto* file : batch.files) {
      if (context_.rules.is_zeroed(file->name) || context_.same.contains(file))
        continue;
      out.rules.blocks = out.rules.blocks || reads_blocks(*file);
      out.stored_bytes += file->size_bytes == 0 ? 0 : file->stored_bytes();
      out.bundled_bytes += file->in_bundle() ? file->size_bytes : 0;
    }
  return out;
}

} // namespace pgbraid
