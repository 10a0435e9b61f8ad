// Prints what a link costs: MiB/s over a socket pair, and CPU seconds of both ends per GiB.
// Usage: bench_link [streams at once] [MiB per stream]
// SPDX-License-Identifier: MIT
#include "engine/link/client_link.hpp"
#include "engine/link/server_link.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

using namespace pgbraid;

namespace {

constexpr size_t slab_bytes = size_t{1} << 20;

double seconds_of(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void serve(link::server_link& link, size_t mib) {
  std::vector<std::thread> at_work;
  while (!link.ended()) {
    std::shared_ptr<link::exchange> asked = link.next(std::chrono::milliseconds(50));
    if (!asked)
      continue;
    at_work.emplace_back([asked, mib] {
      const std::vector<std::byte> slab(slab_bytes, std::byte{42});
      for (size_t i = 0; i < mib; ++i)
        if (!asked->write(slab))
          return;
      if (auto done = asked->finish(); !done)
        fmt::print("{}\n", done.failure().message);
    });
  }
  for (auto& t : at_work)
    t.join();
}

void take(link::client_link& from) {
  auto asked = from.open("/v1/bench", "{}");
  if (!asked || !(*asked)->end_write())
    return;
  std::vector<std::byte> slab(slab_bytes);
  for (;;) {
    const auto got = (*asked)->read(slab);
    if (!got)
      fmt::print("{}\n", got.failure().message);
    if (!got || *got == 0)
      return;
  }
}

} // namespace

int main(int argc, char** argv) {
  const auto streams = static_cast<size_t>(argc > 1 ? std::atoi(argv[1]) : 4);
  const auto mib = static_cast<size_t>(argc > 2 ? std::atoi(argv[2]) : 1024);
  int ends[2] = {};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
    return 1;
  const double began = seconds_of(CLOCK_MONOTONIC);
  const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  {
    link::server_link serving(net::make_fd_transport(ends[1], ends[1]), {});
    std::thread server([&] { serve(serving, mib); });
    {
      link::client_link asking(net::make_fd_transport(ends[0], ends[0]), {});
      std::vector<std::thread> takers;
      for (size_t i = 0; i < streams; ++i)
        takers.emplace_back([&] { take(asking); });
      for (auto& t : takers)
        t.join();
    }
    server.join();
  }
  const double gib = static_cast<double>(streams * mib) / 1024;
  const double took = seconds_of(CLOCK_MONOTONIC) - began;
  fmt::print("{} streams: {:.0f} MiB/s, {:.2f} CPU s per GiB\n", streams, gib * 1024 / took,
             (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) / gib);
}
