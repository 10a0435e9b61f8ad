// Comparing existing files with a manifest.
// SPDX-License-Identifier: MIT
#include "actors/restore/compare_job.hpp"

#include "actors/restore/placed_look.hpp"
#include "actors/run/run_job.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/codec/digest.hpp"
#include "engine/graph/logical.hpp"
#include "engine/graph/task.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace pgbraid {

namespace {

using file_list = std::vector<const format::manifest_file*>;

constexpr uint64_t batch_bytes = uint64_t{1} << 20;
constexpr size_t batch_files = 128;

/// One existing file on its way through the digest.
class compare_task final : public graph::task {
public:
  compare_task(restore_tree& in, const plan::restore_mapping& where,
               const format::manifest_file& file)
      : in_(in), where_(where), file_(file), place_(where.locate(file.name)) {}

  result<bool> open(const graph::worker_tools& tools) override {
    auto opened = in_.at(place_.root)
                      .open_read(place_.path, {.limit_bytes = file_.size_bytes,
                                               .engine = tools.engine,
                                               .size_hint_bytes = file_.size_bytes});
    if (!opened)
      return opened.failure();
    source_ = std::move(*opened);
    return true;
  }
  result<size_t> read(byte_span out) override { return source_->read(out); }
  result<void> write(byte_view) override { return success(); }
  result<void> finish(const graph::file_streams& streams) override {
    same_ = codec::digest_kernel::value(*streams.of(graph::finding::checksum)) == file_.checksum;
    source_ = nullptr;
    return success();
  }
  result<bool> settled(bool) override { return true; }
  std::string name() const override { return where_.absolute(place_); }

  const format::manifest_file& file() const { return file_; }
  bool is_same() const { return same_; }

private:
  restore_tree& in_;
  const plan::restore_mapping& where_;
  const format::manifest_file& file_;
  const plan::restore_place place_;
  std::unique_ptr<io::reader> source_;
  bool same_ = false;
};

/// Deals large files one by one, the largest first, then small ones together.
class compare_job final : public graph::job {
public:
  compare_job(restore_tree& in, const plan::restore_mapping& where, file_list files)
      : in_(in), where_(where), files_(std::move(files)) {
    std::ranges::stable_sort(files_, std::ranges::greater(), &format::manifest_file::size_bytes);
    for (const auto* file : files_)
      total_bytes_ += file->size_bytes;
  }

  graph::task_list deal() override {
    graph::task_list out;
    for (uint64_t bytes = 0; next_ < files_.size() && out.size() < batch_files; ++next_) {
      const auto& file = *files_[next_];
      if (!out.empty() && bytes + file.size_bytes > batch_bytes)
        break;
      bytes += file.size_bytes;
      out.push_back(std::make_shared<compare_task>(in_, where_, file));
    }
    return out;
  }
  result<void> settled(graph::task& done) override {
    const auto& task = dynamic_cast<const compare_task&>(done);
    if (task.is_same())
      same_.push_back(&task.file());
    done_bytes_ += task.file().size_bytes;
    the_command_stage.done_bytes = done_bytes_;
    the_command_stage.total_bytes = total_bytes_;
    return success();
  }

  graph::job_shape shape() const {
    return {.file_count = files_.size(), .plain_bytes = total_bytes_};
  }
  const file_list& same() const { return same_; }

private:
  restore_tree& in_;
  const plan::restore_mapping& where_;
  file_list files_;
  size_t next_ = 0;
  uint64_t total_bytes_ = 0;
  uint64_t done_bytes_ = 0;
  file_list same_;
};

/// Whether the file's own restore finds out what of it is there.
bool is_left_to_blocks(const format::manifest_file& file, const entry_info& found, same_by how) {
  return how == same_by::content_or_blocks && file.is_block_incremental() &&
         found.mtime_s != file.mtime_s;
}

/// What a look at names, sizes and times leaves to be read.
struct selection {
  file_list same;
  file_list to_read;
};

void select(const format::manifest& backup, const format::manifest_file& file,
            const entry_info& found, same_by how, selection& out) {
  if (is_left_to_blocks(file, found, how))
    return;
  if (how != same_by::time && file.size_bytes != 0)
    out.to_read.push_back(&file);
  else if (how != same_by::time ||
           (found.mtime_s == file.mtime_s && found.mtime_s < backup.copy_start_s))
    out.same.push_back(&file);
}

result<selection> select_by_look(const format::manifest& backup, const plan::restore_mapping& where,
                                 restore_tree& in,
                                 std::span<const format::manifest_file* const> files, same_by how) {
  selection out;
  while (!files.empty()) {
    const auto some = files.first(std::min(files.size(), batch_files));
    files = files.subspan(some.size());
    const auto found = find_placed(where, in, some);
    if (!found)
      return found.failure();
    for (size_t i = 0; i < some.size(); ++i)
      if ((*found)[i])
        select(backup, *some[i], *(*found)[i], how, out);
  }
  return out;
}

actors::drawn_job draw_compare(const compare_job& job, const plan::restore_mapping& where) {
  return {graph::compare_graph(job.shape()),
          {.settling_files = job.settling().files, .shared_descriptors = where.roots().size()}};
}

} // namespace

result<file_set> find_same_files(const format::manifest& backup, const plan::restore_mapping& where,
                                 restore_tree& in,
                                 std::span<const format::manifest_file* const> files, same_by how,
                                 const actors::graph_compiler& compile) {
  auto selected = select_by_look(backup, where, in, files, how);
  if (!selected)
    return selected.failure();
  auto same = std::move(selected->same);
  if (selected->to_read.empty())
    return file_set(std::move(same));
  compare_job job(in, where, std::move(selected->to_read));
  const auto drawn = draw_compare(job, where);
  if (auto ran = actors::run_job(job, compile(drawn.graph, drawn.use)); !ran)
    return ran.failure();
  same.insert(same.end(), job.same().begin(), job.same().end());
  return file_set(std::move(same));
}

result<std::optional<actors::drawn_job>>
draw_comparison(const format::manifest& backup, const plan::restore_mapping& where,
                restore_tree& in, std::span<const format::manifest_file* const> files,
                same_by how) {
  auto selected = select_by_look(backup, where, in, files, how);
  if (!selected)
    return selected.failure();
  if (selected->to_read.empty())
    return std::optional<actors::drawn_job>();
  return std::optional(draw_compare(compare_job(in, where, std::move(selected->to_read)), where));
}

} // namespace pgbraid
