// Runs a kernel over a whole buffer at once.
// SPDX-License-Identifier: MIT
#include "engine/codec/whole.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace pgbraid::codec {

result<std::vector<std::byte>> transform_all(kernel& step, byte_view in, uint64_t limit_bytes) {
  assert(step.transforms());
  // Room starts near what packed or encrypted data needs, and doubles.
  constexpr size_t first_room_bytes = 4096;
  std::vector<std::byte> made;
  size_t filled = 0;
  const auto state = step.open();
  job j{.state = state.get(), .in = in, .last = true, .out = {}};
  while (!j.finished) {
    if (filled > limit_bytes)
      return error{errc::format,
                   fmt::format("content is larger than the limit of {} bytes", limit_bytes)};
    if (filled == made.size())
      made.resize(filled == 0 ? in.size() + first_room_bytes : filled * 2);
    j.out = byte_span(made).subspan(filled);
    step.run(std::span(&j, 1));
    if (j.failure)
      return *j.failure;
    filled = made.size() - j.out.size();
  }
  if (filled > limit_bytes)
    return error{errc::format,
                 fmt::format("content is larger than the limit of {} bytes", limit_bytes)};
  made.resize(filled);
  return made;
}

} // namespace pgbraid::codec
