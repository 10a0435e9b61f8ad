// Streams of other hosts, and what happens when they break.
// SPDX-License-Identifier: MIT
#include "actors/backup/remote_file.hpp"

#include "engine/buffer/slab.hpp"

#include <algorithm>

namespace pgbraid {

asked_file request_of(const remote_wish& wish, uint64_t limit_bytes) {
  asked_file out{.file = wish.file};
  if (!wish.blocks)
    return out;
  auto& how = *out.file.blocks;
  const format::block_map_shape all{.file_bytes = limit_bytes, .block_bytes = how.block_bytes};
  const auto sums = wish.blocks->prior_checksums();
  how.prior_blocks = std::min(sums.size() / how.checksum_bytes, all.blocks());
  out.prior_sums = sums.first(how.prior_blocks * how.checksum_bytes);
  return out;
}

result<void> try_again(source_set& of, source_lease& lease, retry& tries, const remote_wish& wish,
                       bool broken, const error& why) {
  if (!broken)
    return why;
  if (tries.again() && !of.is_dropped(lease.source()))
    return success();
  of.drop(lease.source(), why);
  auto other = of.choose(wish.for_standby, wish.file.expected);
  if (!other)
    return other.failure();
  lease = std::move(*other);
  tries = retry(source_retry);
  return success();
}

remote_stream::remote_stream(source_set& of, const codec::file_rules& rules, source_lease lease,
                             remote_wish wish, std::function<bool()> may_begin)
    : of_(of), rules_(rules), lease_(std::move(lease)), wish_(std::move(wish)),
      may_begin_(std::move(may_begin)) {}

remote_stream::~remote_stream() = default;

result<void> remote_stream::begin() {
  if (wish_.blocks)
    if (auto begun = wish_.blocks->begin(nullptr); !begun)
      return begun;
  const auto request = request_of(wish_, wish_.file.limit.value_or(UINT64_MAX));
  if (const auto* files = of_.local(lease_.source())) {
    here_ = std::make_unique<local_fallback>(rules_, *files, request);
    return here_->open();
  }
  auto asked = of_.client(lease_.source()).ask(request);
  if (asked) {
    answer_.emplace(std::move(*asked), rules_.changes_bytes());
    return success();
  }
  tries_.give_up(); // that host is of no use any more
  return begin_again(asked.failure(), true);
}

result<void> remote_stream::begin_again(error why, bool broken) {
  answer_.reset();
  begun_at_ = given_bytes_;
  if (auto chosen = try_again(of_, lease_, tries_, wish_, broken, why); !chosen)
    return chosen;
  return begin();
}

bool remote_stream::readable(std::chrono::milliseconds wait) {
  if (ended_ || failure_)
    return true;
  if (!answer_ && !here_) {
    if (!may_begin_())
      return false;
    // Asked here, not in `read`: whoever waits in there takes nothing of other streams, and those
    // may fill the connection on which this one is to come.
    if (auto begun = begin(); !begun) {
      failure_ = begun.failure();
      return true;
    }
  }
  return here_ || answer_->arrived(chunk_bytes, wait);
}

result<size_t> remote_stream::fill(byte_span out) {
  if (here_)
    return here_->read(out);
  size_t filled = 0;
  while (filled < out.size()) {
    auto got = answer_->take(out.subspan(filled), wish_.file);
    if (!got)
      return got;
    if (*got == 0)
      break;
    filled += *got;
  }
  return filled;
}

result<size_t> remote_stream::read(byte_span out) {
  if (ended_)
    return size_t{0};
  if (failure_)
    return *failure_;
  if (!answer_ && !here_)
    if (auto begun = begin(); !begun)
      return begun.failure();
  auto got = fill(out);
  while (!got) {
    const bool broken = answer_ && answer_->is_broken(got.failure());
    if (auto begun = begin_again(got.failure(), broken); !begun)
      return begun.failure();
    got = fill(out);
  }
  given_bytes_ += *got;
  if (*got == out.size())
    return got;
  ended_ = true;
  const auto end = here_ ? remote_results{here_->results()} : answer_->next_file();
  if (end.grown)
    return error{errc::protocol, "the other host did not send '" + wish_.file.name +
                                     "', which was asked for alone"};
  results_ = end.learned;
  lease_.delivered(results_.plain_bytes);
  source_ = lease_.source();
  lease_ = {};
  answer_.reset();
  here_.reset();
  return got;
}

} // namespace pgbraid
