// A transport without a system below it.
// SPDX-License-Identifier: MIT
#include "tests/fuzz/fed_transport.hpp"

#include "tests/unit/engine/link/raw_frames.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace pgbraid::fuzz {

namespace {

constexpr size_t frame_head_bytes = 9;

} // namespace

class fed_peer::fed_transport final : public net::transport {
public:
  explicit fed_transport(fed_peer& of) : of_(of) {}

  result<net::progress> read(byte_span out) override {
    if (of_.requests_ > 0)
      return net::progress{.waits_for = net::readiness::readable};
    const auto count = std::min({of_.left_.size(), of_.piece_, out.size()});
    if (count > 0) {
      std::memcpy(out.data(), of_.left_.data(), count);
      of_.left_.remove_prefix(count);
      return net::progress{.bytes = count};
    }
    of_.note_used_up();
    uint64_t woken = 0;
    [[maybe_unused]] const auto got = ::read(of_.wake_fd_, &woken, sizeof(woken));
    return net::progress{.waits_for = net::readiness::readable, .closed = of_.hung_up_};
  }
  result<net::progress> write(byte_view in) override {
    if (of_.requests_ > 0)
      of_.listen(in);
    return net::progress{.bytes = in.size()};
  }
  int read_fd() const override { return of_.wake_fd_; }
  int write_fd() const override { return of_.wake_fd_; }
  void close() override { of_.note_used_up(); }

private:
  fed_peer& of_;
};

fed_peer::fed_peer(std::string_view says, size_t piece, size_t requests)
    : left_(says), piece_(piece), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      requests_(requests) {}

fed_peer::~fed_peer() {
  ::close(wake_fd_);
}

std::unique_ptr<net::transport> fed_peer::transport() {
  return std::make_unique<fed_transport>(*this);
}

void fed_peer::note_used_up() {
  if (!used_up_.exchange(true))
    used_up_.notify_all();
}

void fed_peer::hang_up() {
  hung_up_ = true;
  const uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(wake_fd_, &one, sizeof(one));
}

/// Counts lists of headers; heard only by the link's thread.
void fed_peer::listen(byte_view to) {
  using namespace test;
  heard_ += as_text(to);
  if (!greeted_ && heard_.size() >= raw::preface.size()) {
    greeted_ = true;
    heard_.erase(0, raw::preface.size());
  }
  const auto byte = [&](size_t at) { return size_t{static_cast<uint8_t>(heard_[at])}; };
  while (greeted_ && requests_ > 0 && heard_.size() >= frame_head_bytes) {
    const auto size = frame_head_bytes + (byte(0) << 16 | byte(1) << 8 | byte(2));
    if (heard_.size() < size)
      return;
    if (byte(3) == raw::headers)
      --requests_;
    heard_.erase(0, size);
  }
}

} // namespace pgbraid::fuzz
