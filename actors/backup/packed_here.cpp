// One lane, stepped by whoever reads.
// SPDX-License-Identifier: MIT
#include "actors/backup/packed_here.hpp"

#include <algorithm>
#include <cstring>

namespace pgbraid {

class packed_here::inner final : public graph::task {
public:
  explicit inner(packed_here& of)
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
    if (!of_.wanted_.skip_empty)
      return true;
    auto empty = file_.is_empty();
    if (empty && *empty)
      of_.results_.outcome = task_outcome::empty;
    return empty ? result<bool>(!*empty) : empty.failure();
  }
  result<size_t> read(byte_span out) override { return file_.read(out); }
  std::unique_ptr<codec::stream> open_stream(codec::kernel& kernel) override {
    return copy_chain::open_stream(kernel, of_.wanted_, file_.rereader());
  }
  result<void> write(byte_view in) override {
    of_.packed_.insert(of_.packed_.end(), in.begin(), in.end());
    return success();
  }
  result<void> finish(const graph::file_streams& streams) override {
    copy_chain::take_results(streams, of_.results_);
    of_.results_.plain_bytes = file_.read_bytes();
    return success();
  }
  result<bool> settled(bool) override { return true; }
  std::string name() const override { return of_.wanted_.name; }

private:
  packed_here& of_;
  local_file file_;
};

packed_here::packed_here(const copy_chain& chain, const cluster_files& files,
                         remote::copied_file wanted)
    : chain_(chain), files_(files), wanted_(std::move(wanted)) {}

packed_here::~packed_here() = default;

result<void> packed_here::open() {
  auto kernels = chain_.make();
  if (!kernels)
    return kernels.failure();
  pool_ = std::make_unique<slab_pool>(kernels->chunks());
  auto lane = graph::lane_group::make(std::move(*kernels), 1, *pool_, tools_);
  if (!lane)
    return lane.failure();
  lane_ = std::move(*lane);
  return lane_->start(std::make_shared<inner>(*this));
}

result<size_t> packed_here::read(byte_span out) {
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
