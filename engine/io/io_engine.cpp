// What both backends share: counting operations, lending slabs, choosing the backend.
// SPDX-License-Identifier: MIT
#include "engine/io/io_engine.hpp"

#include "engine/io/thread_engine.hpp"
#include "engine/io/uring_engine.hpp"

#include <cstdlib>

namespace pgbraid::io {

namespace {
constexpr size_t page_bytes = 4096;
}

io_slab::io_slab(io_slab&& other) noexcept
    : owner_(other.owner_), data_(std::exchange(other.data_, nullptr)), use_(other.use_) {}

io_slab& io_slab::operator=(io_slab&& other) noexcept {
  if (this != &other) {
    release();
    owner_ = other.owner_;
    data_ = std::exchange(other.data_, nullptr);
    use_ = other.use_;
  }
  return *this;
}

io_slab::~io_slab() {
  release();
}

void io_slab::release() {
  if (data_ != nullptr)
    owner_->give_back(std::exchange(data_, nullptr), use_);
}

size_t io_slab::size_bytes() const {
  return data_ == nullptr ? 0 : owner_->limits().slab_bytes;
}

result<std::unique_ptr<io_engine>> io_engine::make(io_mode mode, const io_limits& limits) {
  assert(limits.depth > 0 && limits.slab_bytes % page_bytes == 0);
  std::string reason;
  if (mode != io_mode::threads) {
    auto ring = uring_engine::make(limits);
    if (ring)
      return std::unique_ptr<io_engine>(std::move(*ring));
    if (mode == io_mode::uring)
      return ring.failure();
    reason = ring.failure().message;
  }
  return std::unique_ptr<io_engine>(std::make_unique<thread_engine>(limits, std::move(reason)));
}

void io_engine::take_in(io_operation& wanted) {
  if (in_flight_ >= limits_.depth) {
    flush();
    reap(true);
  }
  wanted.done = false;
  wanted.outcome = 0;
  ++in_flight_;
  start(wanted);
}

void io_engine::submit(io_operation& wanted) {
  take_in(wanted);
  flush();
}

void io_engine::submit(std::span<io_operation> wanted) {
  for (auto& one : wanted)
    take_in(one);
  flush();
}

void io_engine::poll() {
  if (in_flight_ > 0)
    reap(false);
}

void io_engine::wait() {
  if (in_flight_ > 0)
    reap(true);
}

void io_engine::wait_for(const io_operation& wanted) {
  while (!wanted.done) {
    assert(in_flight_ > 0);
    reap(true);
  }
}

void io_engine::finish(io_operation& what, int64_t outcome) {
  assert(in_flight_ > 0);
  --in_flight_;
  what.outcome = outcome;
  what.done = true;
  if (what.lent != nullptr && outcome == static_cast<int64_t>(what.length_bytes))
    *what.lent = {};
}

io_slab io_engine::take(slab_shelf& shelf, unsigned limit, io_slab::purpose use) {
  if (!shelf.free.empty()) {
    auto* data = shelf.free.back();
    shelf.free.pop_back();
    return {this, data, use};
  }
  if (shelf.made >= limit)
    return {};
  auto* data = static_cast<std::byte*>(std::aligned_alloc(page_bytes, limits_.slab_bytes));
  if (data == nullptr)
    return {};
  ++shelf.made;
  return {this, data, use};
}

io_slab io_engine::take_write_slab() {
  return take(write_shelf_, limits_.write_slabs, io_slab::purpose::write);
}

io_slab io_engine::take_read_slab() {
  return take(read_shelf_, limits_.read_slabs, io_slab::purpose::read);
}

void io_engine::give_back(std::byte* data, io_slab::purpose use) {
  (use == io_slab::purpose::write ? write_shelf_ : read_shelf_).free.push_back(data);
}

uint64_t io_engine::memory_ceiling_bytes() const {
  return (uint64_t{limits_.write_slabs} + limits_.read_slabs) * limits_.slab_bytes;
}

std::string io_engine::describe_slabs() const {
  return std::to_string(limits_.write_slabs) + " write and " + std::to_string(limits_.read_slabs) +
         " read slabs of " + std::to_string(limits_.slab_bytes / 1024) + " KiB";
}

void io_engine::drain() {
  while (in_flight_ > 0)
    reap(true);
}

io_engine::~io_engine() {
  for (auto* shelf : {&write_shelf_, &read_shelf_}) {
    assert(shelf->free.size() == shelf->made); // readers and writers go before their engine
    for (auto* data : shelf->free)
      std::free(data);
  }
}

} // namespace pgbraid::io
