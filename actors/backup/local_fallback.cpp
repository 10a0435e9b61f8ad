// One lane, stepped by whoever reads.
// SPDX-License-Identifier: MIT
#include "actors/backup/local_fallback.hpp"

#include <algorithm>
#include <cstring>

namespace pgbraid {

class local_fallback::inner final : public graph::task {
public:
  explicit inner(local_fallback& of)
      : of_(of), file_({.name = of.wanted_.name,
                        .at = of.files_.find(of.wanted_.name),
                        .limit_bytes = of.wanted_.limit,
                        .expected_bytes = of.wanted_.expected}) {}

  result<bool> open(const graph::worker_tools& tools) override {
    auto there = file_.open(tools.engine);
    if (!there)
      return there.failure();
    if (!*there) {
      auto path_gone = file_.is_path_gone();
      if (!path_gone)
        return path_gone.failure();
      of_.results_.outcome = task_outcome::vanished;
      of_.results_.path_gone = *path_gone;
      return false;
    }
    auto how = look_first(file_, of_.wanted_);
    if (!how)
      return how.failure();
    of_.results_.outcome = *how;
    return *how == task_outcome::stored;
  }
  result<size_t> read(byte_span out) override { return file_.read(out); }
  std::unique_ptr<codec::stream> open_stream(codec::kernel& kernel) override {
    return open_copy_stream(kernel, of_.wanted_, file_.rereader(), of_.blocks_);
  }
  result<void> write(byte_view in) override {
    of_.packed_.insert(of_.packed_.end(), in.begin(), in.end());
    return success();
  }
  result<void> finish(const graph::file_streams& streams) override {
    take_copy_results(streams, of_.results_);
    of_.results_.plain_bytes = file_.read_bytes();
    if (of_.blocks_) {
      of_.results_.repo_checksum = {};
      of_.results_.block_notes = of_.blocks_->take_notes();
    }
    return success();
  }
  result<bool> settled(bool) override { return true; }
  std::string name() const override { return of_.wanted_.name; }

private:
  local_fallback& of_;
  local_file file_;
};

local_fallback::local_fallback(const codec::file_rules& rules, const cluster_files& files,
                               const asked_file& wanted)
    : rules_(rules), files_(files), wanted_(wanted.file) {
  if (wanted_.blocks)
    blocks_ = std::make_shared<block_watch>(
        *wanted_.blocks,
        std::vector<std::byte>(wanted.prior_sums.begin(), wanted.prior_sums.end()));
}

local_fallback::~local_fallback() = default;

result<void> local_fallback::open() {
  auto kernels = make_copy_chain(rules_);
  if (!kernels)
    return kernels.failure();
  pool_ = std::make_unique<slab_pool>(kernels->chunks());
  auto lane = graph::lane_group::make(std::move(*kernels), 1, *pool_, tools_);
  if (!lane)
    return lane.failure();
  lane_ = std::move(*lane);
  return lane_->start(std::make_shared<inner>(*this));
}

result<size_t> local_fallback::read(byte_span out) {
  size_t filled = 0;
  while (filled < out.size()) {
    if (taken_ == packed_.size()) {
      packed_.clear();
      taken_ = 0;
      if (lane_->free_lanes() == 1)
        break;
      if (auto stepped = lane_->step(); !stepped)
        return stepped.failure();
    }
    const auto count = std::min(out.size() - filled, packed_.size() - taken_);
    if (count > 0)
      std::memcpy(out.data() + filled, packed_.data() + taken_, count);
    filled += count;
    taken_ += count;
  }
  return filled;
}

} // namespace pgbraid
