// Running kernels one after the other over one file.
// SPDX-License-Identifier: MIT
#include "engine/graph/single_lane.hpp"

#include "engine/base/stop_signal.hpp"
#include "engine/codec/stepper.hpp"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

namespace pgbraid::graph {

namespace {

constexpr size_t chunk_bytes = 1 << 20;

result<void> arrive(branch_end& end, byte_view bytes) {
  if (bytes.empty())
    return success();
  end.arrived_bytes += bytes.size();
  if (end.arrived_bytes > end.limit_bytes)
    return error{errc::format, "content is longer than the limit of " +
                                   std::to_string(end.limit_bytes) + " bytes: there are " +
                                   std::to_string(end.arrived_bytes) + " and may be more"};
  return end.take ? end.take(bytes) : success();
}

bool has_nobody_left(std::span<const branch_end> ends) {
  return !ends.empty() &&
         std::ranges::all_of(ends, [](const auto& one) { return one.failure.has_value(); });
}

/// Fails when the only end did.
result<uint64_t> unless_broken(result<uint64_t> outcome, const branch_end& end) {
  return outcome && end.failure ? *end.failure : outcome;
}

} // namespace

branch_end write_to(io::writer& target, uint64_t limit_bytes) {
  return {.take = [&target](byte_view bytes) { return target.write(bytes); },
          .limit_bytes = limit_bytes};
}

/// Kernels in a row, and what they know of the file.
struct single_lane::section {
  chain kernels;
  file_streams streams;
  std::vector<std::vector<std::byte>> rooms = {};

  explicit section(chain of)
      : kernels(std::move(of)),
        streams(kernels.open([](codec::kernel& kernel) { return kernel.open(); })) {
    for (size_t i = 0; i < kernels.size(); ++i)
      rooms.emplace_back(kernels[i].transforms() ? chunk_bytes : 0);
  }

  /// @param to  takes what went through all of them
  template <class Taker> result<void> push(const codec::window& bytes, const Taker& to) {
    return push_at(0, bytes, to);
  }

private:
  template <class Taker>
  result<void> push_at(size_t at, const codec::window& bytes, const Taker& to) {
    if (at == kernels.size())
      return to(bytes);
    auto& state = *streams.at(at);
    if (kernels[at].transforms())
      return codec::feed(kernels[at], state, bytes, rooms[at],
                         [&](const codec::window& made) { return push_at(at + 1, made, to); });
    if (auto seen = codec::observe(kernels[at], state, bytes); !seen)
      return seen;
    return push_at(at + 1, bytes, to);
  }
};

single_lane::single_lane(std::vector<section> sections) : sections_(std::move(sections)) {}
single_lane::single_lane(single_lane&&) noexcept = default;
single_lane::~single_lane() = default;

result<single_lane> single_lane::make(const logical_graph& of) {
  std::vector<section> sections;
  for (size_t branch = 0; branch <= of.branches; ++branch) {
    auto kernels = chain::make(of, branch);
    if (!kernels)
      return kernels.failure();
    sections.emplace_back(std::move(*kernels));
  }
  return single_lane(std::move(sections));
}

const file_streams& single_lane::streams() const {
  return sections_.front().streams;
}

codec::sha1_digest single_lane::checksum() const {
  return codec::digest_kernel::value(*streams().of(finding::checksum));
}

/// @param next  gives the next bytes, at most one chunk; less than that is the end
template <class Supply>
result<uint64_t> single_lane::move_all(const Supply& next, std::span<branch_end> ends) {
  const auto branches = std::span(sections_).subspan(1);
  assert(branches.empty() || branches.size() == ends.size());
  // The same bytes for every branch that still works. It is a failure when none does: what is
  // before them may have very much more to bring, and nobody to bring it to.
  const auto fan_out = [&](const codec::window& made) -> result<void> {
    for (size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].failure)
        continue;
      const auto to = [&end = ends[i]](const codec::window& last) {
        return arrive(end, last.bytes);
      };
      if (auto pushed = branches.empty() ? to(made) : branches[i].push(made, to); !pushed)
        ends[i].failure = pushed.failure();
    }
    return has_nobody_left(ends) ? *ends.front().failure : success();
  };
  uint64_t read_bytes = 0;
  for (bool last = false; !last;) {
    if (should_stop())
      return error{errc::term, "terminated by a signal"};
    auto bytes = next();
    if (!bytes)
      return bytes.failure();
    read_bytes += bytes->size();
    last = bytes->size() < chunk_bytes;
    auto pushed = sections_.front().push(codec::window_of(*bytes, last), fan_out);
    if (!pushed && has_nobody_left(ends))
      break; // each of them says why
    if (!pushed)
      return pushed.failure();
  }
  return read_bytes;
}

result<uint64_t> single_lane::run(io::reader& source, std::span<branch_end> ends) {
  std::vector<std::byte> chunk(chunk_bytes);
  const auto next = [&]() -> result<byte_view> {
    auto got = source.read(chunk);
    if (!got)
      return got.failure();
    return byte_view(chunk).first(*got);
  };
  return move_all(next, ends);
}

result<uint64_t> single_lane::run(byte_view content, std::span<branch_end> ends) {
  const auto next = [&]() -> result<byte_view> {
    const auto piece = content.first(std::min(content.size(), chunk_bytes));
    content = content.subspan(piece.size());
    return piece;
  };
  return move_all(next, ends);
}

result<uint64_t> single_lane::run(io::reader& source, branch_end& end) {
  return unless_broken(run(source, {&end, 1}), end);
}

result<uint64_t> single_lane::run(byte_view content, branch_end& end) {
  return unless_broken(run(content, {&end, 1}), end);
}

} // namespace pgbraid::graph
