// Queueing on a ring, linked chains, and telling completions apart.
// SPDX-License-Identifier: MIT
#include "engine/io/uring_engine.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace pgbraid::io {

namespace {

// A token is the address of an operation, or, with its lowest bit set, a slot and a step of a
// chain.
uint64_t chain_token(size_t slot, unsigned step) {
  return (uint64_t{slot} << 3) | (step << 1) | 1;
}

error unavailable(std::string_view why) {
  return {errc::kernel, "io_uring cannot be used: " + std::string(why),
          "Set io-engine to 'auto' or 'threads' to work without it."};
}

bool has_operations(io_uring& ring, std::initializer_list<int> wanted) {
  auto* probe = io_uring_get_probe_ring(&ring);
  if (probe == nullptr)
    return false;
  bool all = true;
  for (const auto op : wanted)
    all = all && io_uring_opcode_supported(probe, op) != 0;
  io_uring_free_probe(probe);
  return all;
}

} // namespace

result<std::unique_ptr<io_engine>> uring_engine::make(const io_limits& limits) {
  std::unique_ptr<uring_engine> made(new uring_engine(limits));
  if (const auto failed = made->open_ring(); failed < 0)
    return unavailable(std::strerror(-failed));
  if (!has_operations(made->ring_, {IORING_OP_READ, IORING_OP_WRITE, IORING_OP_FSYNC}))
    return unavailable("this kernel's lacks read, write or fsync");
  made->open_slots();
  return std::unique_ptr<io_engine>(std::move(made));
}

int uring_engine::open_ring() {
  const auto failed = io_uring_queue_init(limits().depth * 4, &ring_, 0);
  open_ = failed == 0;
  return failed;
}

void uring_engine::open_slots() {
  if (!has_operations(ring_, {IORING_OP_OPENAT2, IORING_OP_CLOSE}))
    return;
  if (io_uring_register_files_sparse(&ring_, limits().depth) != 0)
    return;
  chains_.resize(limits().depth);
  for (unsigned slot = 0; slot < limits().depth; ++slot)
    free_slots_.push_back(slot);
}

uring_engine::~uring_engine() {
  if (!open_)
    return;
  drain();
  io_uring_queue_exit(&ring_);
}

std::string uring_engine::describe() const {
  return "io_uring, depth " + std::to_string(limits().depth) +
         (chains_.empty() ? ", no direct descriptors, " : ", ") + describe_slabs();
}

io_uring_sqe* uring_engine::next_entry(unsigned room) {
  if (io_uring_sq_space_left(&ring_) < room)
    flush();
  auto* entry = io_uring_get_sqe(&ring_);
  assert(entry != nullptr); // the queue has four places per operation
  return entry;
}

void uring_engine::start(io_operation& what) {
  if (what.verb == io_verb::read_file) {
    start_chain(what);
    return;
  }
  auto* entry = next_entry(1);
  const auto length = static_cast<unsigned>(what.length_bytes);
  if (what.verb == io_verb::read)
    io_uring_prep_read(entry, what.fd, what.data, length, what.offset_bytes);
  else if (what.verb == io_verb::write)
    io_uring_prep_write(entry, what.fd, what.data, length, what.offset_bytes);
  else
    io_uring_prep_fsync(entry, what.fd, 0);
  io_uring_sqe_set_data64(entry, reinterpret_cast<uintptr_t>(&what));
}

// open -> read -> close. The link after the read is hard, so that a short or failed read does not
// keep the close from running.
void uring_engine::start_chain(io_operation& what) {
  assert(!free_slots_.empty()); // as many slots as operations in flight
  const auto slot = free_slots_.back();
  free_slots_.pop_back();
  auto& of = chains_[slot];
  of = {&what, {}, 3, 0};
  of.how.flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  of.how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

  auto* entry = next_entry(3); // a chain must go to the kernel in one piece
  io_uring_prep_openat2_direct(entry, what.fd, what.path, &of.how, slot);
  entry->flags |= IOSQE_IO_LINK;
  io_uring_sqe_set_data64(entry, chain_token(slot, 0));

  entry = next_entry(2);
  io_uring_prep_read(entry, static_cast<int>(slot), what.data,
                     static_cast<unsigned>(what.length_bytes), 0);
  entry->flags |= IOSQE_FIXED_FILE | IOSQE_IO_HARDLINK;
  io_uring_sqe_set_data64(entry, chain_token(slot, 1));

  entry = next_entry(1);
  io_uring_prep_close_direct(entry, slot);
  io_uring_sqe_set_data64(entry, chain_token(slot, 2));
}

void uring_engine::flush() {
  while (io_uring_sq_ready(&ring_) > 0) {
    const auto taken = io_uring_submit(&ring_);
    if (taken >= 0 || taken == -EINTR)
      continue;
    const bool busy = taken == -EAGAIN || taken == -EBUSY;
    // Entries the kernel holds already will end and make room.
    if (busy && in_flight() > io_uring_sq_ready(&ring_))
      reap(true);
    else
      refuse_queued(-taken);
  }
}

void uring_engine::refuse_queued(int error_number) {
  auto& queue = ring_.sq;
  const auto first = *queue.khead;
  const auto last = *queue.ktail;
  io_uring_smp_store_release(queue.ktail, first);
  queue.sqe_head = queue.sqe_tail = first;
  for (auto at = first; at != last; ++at)
    answer(queue.sqes[at & queue.ring_mask].user_data, -error_number);
}

void uring_engine::reap(bool wait_for_one) {
  io_uring_cqe* found = nullptr;
  const auto before = in_flight();
  do {
    // EINTR comes with signals; the operations go on.
    if (wait_for_one)
      while (io_uring_wait_cqe(&ring_, &found) == -EINTR) {
      }
    while (io_uring_peek_cqe(&ring_, &found) == 0) {
      const auto token = io_uring_cqe_get_data64(found);
      const auto outcome = found->res;
      io_uring_cqe_seen(&ring_, found);
      answer(token, outcome);
    }
  } while (wait_for_one && in_flight() == before); // one step of a chain is not the end of it
}

void uring_engine::answer(uint64_t token, int64_t outcome) {
  if ((token & 1) == 0)
    finish(*reinterpret_cast<io_operation*>(static_cast<uintptr_t>(token)), outcome);
  else
    answer_chain(chains_[token >> 3], static_cast<step>((token >> 1) & 3), outcome);
}

void uring_engine::answer_chain(chain& of, step which, int64_t outcome) {
  // ECANCELED says only that an earlier step failed.
  if (which == step::open && outcome < 0)
    of.outcome = outcome;
  if (which == step::read && (outcome >= 0 || of.outcome == 0))
    of.outcome = outcome;
  if (--of.steps_left > 0)
    return;
  free_slots_.push_back(static_cast<unsigned>(&of - chains_.data()));
  finish(*of.owner, of.outcome);
}

} // namespace pgbraid::io
