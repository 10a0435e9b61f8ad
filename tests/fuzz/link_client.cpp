// Fuzz target: what a server sends, as bytes, to the asking end of a link.
// The first byte says in which pieces the others come.
// SPDX-License-Identifier: MIT
#include "engine/link/client_link.hpp"
#include "tests/fuzz/fed_transport.hpp"
#include "tests/fuzz/target.hpp"

#include <array>
#include <vector>

using namespace pgbraid;

namespace {

constexpr size_t requests = 3;

link::settings cautious() {
  link::settings out{.host = "there", .kind = "tls"};
  out.stream_window_bytes = 4096;
  out.link_window_bytes = 65535;
  out.out_bytes = 4096;
  out.head_bytes = 2048;
  return out;
}

/// Takes all there is of an answer; the link has ended.
void take(link::call& from) {
  if (auto head = from.head(); !head)
    fuzz::must_be_shown(head.failure());
  size_t taken = 0;
  for (;;) {
    std::array<std::byte, 100> room;
    const auto got = from.read(room);
    if (!got)
      return fuzz::must_be_shown(got.failure());
    taken += *got;
    if (*got == 0)
      break;
  }
  fuzz::must(taken <= cautious().stream_window_bytes, "no more than its window waits");
  fuzz::must(from.has_ended(), "an answer that was read has ended");
  if (auto trailer = from.trailer(); !trailer)
    fuzz::must_be_shown(trailer.failure());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  fuzz::fed_peer peer(fuzz::text(data + 1, size - 1), fuzz::piece_of(data[0]), requests);
  link::client_link asking(peer.transport(), cautious());
  std::vector<std::unique_ptr<link::call>> calls;
  for (size_t i = 0; i < requests; ++i) {
    auto call = asking.open("/v1/one", "{}");
    fuzz::must(call.operator bool(), "a new link takes requests");
    calls.push_back(std::move(*call));
  }
  // The first has a body, the second none, the third does not end.
  (void)calls[0]->write(as_bytes(std::string(200, 'x'))).operator bool();
  (void)calls[0]->end_write().operator bool();
  (void)calls[1]->end_write().operator bool();
  peer.wait_until_used_up();
  if (auto late = asking.open("/v1/late", "{}", std::chrono::milliseconds(1)))
    calls.push_back(std::move(*late));
  peer.hang_up();
  for (const auto& call : calls)
    take(*call);
  if (const auto why = asking.failure())
    fuzz::must_be_shown(*why);
  return 0;
}
