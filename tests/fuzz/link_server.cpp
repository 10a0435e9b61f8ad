// Fuzz target: what a client sends, as bytes, to the serving end of a link.
// The first byte says in which pieces the others come.
// SPDX-License-Identifier: MIT
#include "engine/link/server_link.hpp"
#include "tests/fuzz/fed_transport.hpp"
#include "tests/fuzz/target.hpp"

#include <array>
#include <vector>

using namespace pgbraid;

namespace {

constexpr size_t step_bytes = 16;

link::settings cautious() {
  link::settings out;
  out.streams_max = 8;
  out.stream_window_bytes = 4096;
  out.link_window_bytes = 65535;
  out.out_bytes = 4096;
  out.head_bytes = 2048;
  return out;
}

/// One request, answered as far as that is possible without waiting.
class guest {
public:
  explicit guest(std::unique_ptr<link::exchange> asked) : asked_(std::move(asked)) {
    fuzz::must(asked_->head().size() <= cautious().head_bytes, "a head is no larger than allowed");
  }
  /// Returns whether it is still there.
  bool step(bool& moved) {
    if (asked_->path() == "/drop")
      return false;
    const bool hears = asked_->path() != "/early" && !heard_all_;
    if (hears ? !asked_->readable(step_bytes) : !asked_->writable(body_.size()))
      return true;
    moved = true;
    if (!hears)
      return answer();
    std::array<std::byte, step_bytes> room;
    const auto got = asked_->read(room);
    if (!got)
      return false;
    heard_all_ = *got == 0;
    body_.resize(std::min(body_.size() + *got, size_t{cautious().out_bytes}), 'x');
    return true;
  }

private:
  bool answer() {
    if (asked_->path() == "/fail")
      asked_->fail({errc::access, "no", "Ask."});
    else if (asked_->respond("{\"size\":" + std::to_string(body_.size()) + "}") &&
             (body_.empty() || asked_->write(as_bytes(body_))))
      (void)asked_->finish().operator bool();
    return false;
  }

  std::unique_ptr<link::exchange> asked_;
  std::string body_;
  bool heard_all_ = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  fuzz::fed_peer peer(fuzz::text(data + 1, size - 1), fuzz::piece_of(data[0]));
  link::server_link serving(peer.transport(), cautious());
  std::vector<guest> guests;
  bool moved = false;
  while (!serving.ended() || !guests.empty()) {
    const bool quiet = peer.is_used_up();
    const auto pause = std::chrono::milliseconds(moved ? 0 : 1);
    moved = false;
    while (auto asked = serving.next(pause)) {
      guests.emplace_back(std::move(asked));
      moved = true;
    }
    fuzz::must(guests.size() <= size_t{2} * cautious().streams_max, "streams have a limit");
    std::erase_if(guests, [&](guest& one) { return !one.step(moved); });
    if (!moved && quiet)
      peer.hang_up();
  }
  if (const auto why = serving.failure())
    fuzz::must_be_shown(*why);
  return 0;
}
