// Running kernels one after the other over one file.
// SPDX-License-Identifier: MIT
#include "engine/graph/single_lane.hpp"

#include "engine/base/stop_signal.hpp"
#include "engine/codec/stepper.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

namespace pgbraid {

namespace {

constexpr size_t chunk_bytes = 1 << 20;

/// Takes what went through all steps.
using sink = std::function<result<void>(const codec::window& made)>;

/// Steps in a row before a sink.
class chain {
public:
  chain(std::span<transfer_step> steps, sink to) : steps_(steps), to_(std::move(to)) {
    for (const auto& step : steps)
      rooms_.emplace_back(step.kernel->transforms() ? chunk_bytes : 0);
  }

  result<void> push(const codec::window& bytes) { return push(0, bytes); }

private:
  result<void> push(size_t at, const codec::window& bytes) {
    if (at == steps_.size())
      return to_(bytes);
    auto& kernel = *steps_[at].kernel;
    auto& state = *steps_[at].state;
    if (kernel.transforms())
      return codec::feed(kernel, state, bytes, rooms_[at],
                         [&](const codec::window& made) { return push(at + 1, made); });
    if (auto seen = codec::observe(kernel, state, bytes); !seen)
      return seen;
    return push(at + 1, bytes);
  }

  std::span<transfer_step> steps_;
  sink to_;
  std::vector<std::vector<std::byte>> rooms_;
};

sink writer_of(transfer_branch& branch) {
  return [&branch](const codec::window& made) -> result<void> {
    if (made.bytes.empty())
      return success();
    branch.written_bytes += made.bytes.size();
    if (branch.written_bytes > branch.limit_bytes) {
      return error{errc::format, "content is longer than the limit of " +
                                     std::to_string(branch.limit_bytes) + " bytes: there are " +
                                     std::to_string(branch.written_bytes) + " and may be more"};
    }
    return branch.target == nullptr ? success() : branch.target->write(made.bytes);
  };
}

bool has_nobody_left(std::span<const transfer_branch> branches) {
  return !branches.empty() &&
         std::ranges::all_of(branches, [](const auto& one) { return one.failure.has_value(); });
}

/// A sink that gives the same bytes to every branch that still works. It fails when none does: what
/// is before it may have very much more to bring, and nobody to bring it to.
sink fan_out(std::span<transfer_branch> branches, std::vector<chain>& chains) {
  return [branches, &chains](const codec::window& made) -> result<void> {
    for (size_t i = 0; i < branches.size(); ++i) {
      if (branches[i].failure)
        continue;
      if (auto pushed = chains[i].push(made); !pushed)
        branches[i].failure = pushed.failure();
    }
    if (has_nobody_left(branches))
      return *branches.front().failure;
    return success();
  };
}

/// Gives the next bytes, at most one chunk; less than that is the end.
using supply = std::function<result<byte_view>()>;

result<transfer_outcome> run(const supply& next, std::span<transfer_step> shared,
                             std::span<transfer_branch> branches) {
  std::vector<chain> chains;
  for (auto& branch : branches)
    chains.emplace_back(branch.steps, writer_of(branch));
  chain front(shared, fan_out(branches, chains));
  transfer_outcome outcome;
  for (bool last = false; !last;) {
    if (should_stop())
      return error{errc::term, "terminated by a signal"};
    auto bytes = next();
    if (!bytes)
      return bytes.failure();
    outcome.read_bytes += bytes->size();
    last = bytes->size() < chunk_bytes;
    auto pushed = front.push(codec::window_of(*bytes, last));
    if (!pushed && has_nobody_left(branches))
      break; // each of them says why
    if (!pushed)
      return pushed.failure();
  }
  return outcome;
}

} // namespace

result<transfer_outcome> transfer(io::reader& source, std::span<transfer_step> shared,
                                  std::span<transfer_branch> branches) {
  std::vector<std::byte> chunk(chunk_bytes);
  const auto next = [&]() -> result<byte_view> {
    auto got = source.read(chunk);
    if (!got)
      return got.failure();
    return byte_view(chunk).first(*got);
  };
  return run(next, shared, branches);
}

result<transfer_outcome> transfer(byte_view content, std::span<transfer_step> shared,
                                  std::span<transfer_branch> branches) {
  const auto next = [&]() -> result<byte_view> {
    const auto piece = content.first(std::min(content.size(), chunk_bytes));
    content = content.subspan(piece.size());
    return piece;
  };
  return run(next, shared, branches);
}

result<transfer_outcome> transfer(io::reader& source, std::span<transfer_step> steps,
                                  io::writer& target, uint64_t limit_bytes) {
  transfer_branch branch;
  branch.target = &target;
  branch.limit_bytes = limit_bytes;
  auto outcome = transfer(source, steps, {&branch, 1});
  if (outcome && branch.failure)
    return *branch.failure;
  if (outcome)
    outcome->written_bytes = branch.written_bytes;
  return outcome;
}

} // namespace pgbraid
