// Windows of small files on their way from other hosts.
// SPDX-License-Identifier: MIT
#include "actors/backup/remote_batch.hpp"

#include "engine/plan/block_notes.hpp"

#include <algorithm>
#include <cstring>

namespace pgbraid {

namespace {

constexpr size_t scratch_bytes = size_t{32} << 10;
// A step takes one scratch at most, and a few bytes about it.
constexpr size_t step_bytes = 2 * scratch_bytes;

} // namespace

uint64_t remote_batch::growth_limit_bytes(uint64_t expected_bytes) {
  return std::max<uint64_t>(2 * expected_bytes, uint64_t{64} << 10);
}

uint64_t remote_batch::window_maps_bytes() {
  constexpr uint64_t least_block_bytes = 8192;
  constexpr uint8_t most_checksum_bytes = codec::block_sum().size();
  const auto bytes = growth_limit_bytes(small_files::window_bytes) +
                     small_files::window_files * growth_limit_bytes(0);
  const auto blocks = bytes / least_block_bytes + small_files::window_files;
  return plan::memory_of_block_delta(blocks, most_checksum_bytes) +
         plan::memory_of_block_notes(blocks, most_checksum_bytes);
}

remote_batch::remote_batch(source_set& of, const codec::file_rules& rules)
    : of_(of), rules_(rules), scratch_(scratch_bytes) {}

size_t remote_batch::add(remote_wish wish) {
  assert(wish.file.expected <= largest_bytes);
  const auto last = std::ranges::find_if(windows_.rbegin(), windows_.rend(), [&](const window& at) {
    return files_[at.files.front()].wish.for_standby == wish.for_standby;
  });
  const bool fits = last != windows_.rend() && last->files.size() < small_files::window_files &&
                    last->bytes + wish.file.expected <= small_files::window_bytes;
  auto& into = fits ? *last : windows_.emplace_back();
  into.files.push_back(files_.size());
  into.bytes += wish.file.expected;
  files_.push_back(
      {.wish = std::move(wish), .window = static_cast<size_t>(&into - windows_.data())});
  return files_.size() - 1;
}

result<void> remote_batch::ask(window& at) {
  std::vector<asked_file> wanted;
  for (auto i = at.next; i < at.files.size(); ++i) {
    const auto& wish = files_[at.files[i]].wish;
    wanted.push_back(
        request_of(wish, wish.file.limit.value_or(growth_limit_bytes(wish.file.expected))));
  }
  auto asked = of_.client(at.source).ask(wanted);
  if (!asked)
    return asked.failure();
  at.answer.emplace(std::move(*asked), rules_.changes_bytes());
  return success();
}

void remote_batch::leave_alone(window& at) {
  for (; at.next < at.files.size(); ++at.next) {
    auto& file = files_[at.files[at.next]];
    file.came = {.alone = true};
    file.here = true;
  }
  at.answer.reset();
  at.lease = {};
}

result<void> remote_batch::open(window& at) {
  if (std::exchange(at.begun, true))
    return success();
  auto lease = of_.choose(files_[at.files.front()].wish.for_standby, at.bytes);
  if (!lease)
    return lease.failure();
  at.source = lease->source();
  // Files of this host are read one by one, and counted so.
  if (of_.local(at.source))
    return success();
  at.lease = std::move(*lease);
  for (const auto index : at.files)
    if (const auto& blocks = files_[index].wish.blocks)
      if (auto begun = blocks->begin(nullptr); !begun)
        return begun;
  if (auto asked = ask(at); !asked)
    recover(at, asked.failure());
  return success();
}

result<size_t> remote_batch::begin(size_t index) {
  const auto number = files_[index].window;
  if (auto opened = open(windows_[number]); !opened)
    return opened.failure();
  if (number + 1 < windows_.size())
    if (auto opened = open(windows_[number + 1]); !opened)
      return opened.failure();
  return windows_[number].source;
}

void remote_batch::recover(window& at, error why) {
  bool broken = true;
  if (at.answer)
    broken = at.answer->is_broken(why);
  else
    at.tries.give_up(); // that host could not even be asked
  auto wish = files_[at.files[at.next]].wish;
  wish.file.expected = at.bytes;
  files_[at.files[at.next]].came = {};
  at.answer.reset();
  while (true) {
    if (auto chosen = try_again(of_, at.lease, at.tries, wish, broken, why); !chosen) {
      at.failure = chosen.failure();
      at.lease = {};
      return;
    }
    if (of_.local(at.lease.source()))
      return leave_alone(at);
    at.source = at.lease.source();
    auto asked = ask(at);
    if (asked)
      return;
    why = asked.failure();
    broken = true;
    at.tries.give_up();
  }
}

result<void> remote_batch::take_some(window& at) {
  auto& file = files_[at.files[at.next]];
  auto& content = file.came.content;
  auto got = at.answer->take(scratch_, file.wish.file);
  if (!got)
    return got.failure();
  content.insert(content.end(), scratch_.begin(), scratch_.begin() + static_cast<long>(*got));
  const auto most_bytes = growth_limit_bytes(file.wish.file.expected);
  if (content.size() > stored_limit_bytes(file.wish.file, most_bytes))
    return error{errc::protocol,
                 "the other host sent more bytes of '" + file.wish.file.name + "' than allowed"};
  if (*got > 0)
    return success();
  auto end = at.answer->next_file();
  file.came.learned = std::move(end.learned);
  file.came.source = at.source;
  file.came.alone = end.grown;
  file.here = true;
  at.lease.delivered(file.came.learned.plain_bytes);
  if (++at.next == at.files.size()) {
    at.answer.reset();
    at.lease = {};
  }
  return success();
}

void remote_batch::pump(window& at, std::chrono::milliseconds wait) {
  while (at.answer && at.answer->arrived(step_bytes, wait)) {
    wait = {};
    if (auto taken = take_some(at); !taken)
      recover(at, taken.failure());
  }
}

bool remote_batch::arrived(size_t index, std::chrono::milliseconds wait) {
  // All of them: what nobody takes would fill the connection and hold up others.
  for (auto& at : windows_)
    pump(at, {});
  const auto& file = files_[index];
  auto& at = windows_[file.window];
  if (!file.here && !at.failure)
    pump(at, wait);
  return file.here || at.failure.has_value();
}

result<remote_batch::arrival> remote_batch::take(size_t index) {
  auto& file = files_[index];
  if (file.here)
    return std::move(file.came);
  return *windows_[file.window].failure;
}

remote_member::remote_member(source_set& of, const codec::file_rules& rules,
                             std::shared_ptr<remote_batch> batch, size_t index,
                             std::function<bool()> may_begin)
    : of_(of), rules_(rules), batch_(std::move(batch)), index_(index),
      may_begin_(std::move(may_begin)) {}

result<void> remote_member::take() {
  taken_ = true;
  auto came = batch_->take(index_);
  if (!came)
    return came.failure();
  came_ = std::move(*came);
  if (!came_.alone)
    return success();
  const auto& wish = batch_->wish(index_);
  auto lease = of_.choose(wish.for_standby, wish.file.expected);
  if (!lease)
    return lease.failure();
  alone_ = std::make_unique<remote_stream>(of_, rules_, std::move(*lease), wish, may_begin_);
  return success();
}

bool remote_member::readable(std::chrono::milliseconds wait) {
  if (!taken_) {
    if (!batch_->arrived(index_, wait))
      return false;
    if (auto took = take(); !took)
      failure_ = took.failure();
  }
  return !alone_ || alone_->readable(wait);
}

result<size_t> remote_member::read(byte_span out) {
  const bool here = readable({});
  assert(here); // whoever reads has asked
  if (failure_)
    return *failure_;
  if (alone_) {
    auto got = alone_->read(out);
    begun_at_ = alone_->begun_at();
    return got;
  }
  const auto count = std::min(out.size(), came_.content.size() - read_bytes_);
  if (count > 0)
    std::memcpy(out.data(), came_.content.data() + read_bytes_, count);
  read_bytes_ += count;
  return count;
}

} // namespace pgbraid
