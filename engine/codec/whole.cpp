// Runs a kernel over a whole buffer at once.
// SPDX-License-Identifier: MIT
#include "engine/codec/whole.hpp"

#include "engine/codec/stepper.hpp"

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
  auto left = window_of(in, true);
  while (left.fresh) {
    if (filled > limit_bytes)
      return error{errc::format,
                   fmt::format("content is larger than the limit of {} bytes", limit_bytes)};
    if (filled == made.size())
      made.resize(filled == 0 ? in.size() + first_room_bytes : filled * 2);
    window piece;
    const auto room = byte_span(made).subspan(filled);
    if (auto stepped = transform(step, *state, left, room, piece); !stepped)
      return stepped.failure();
    filled += piece.bytes.size();
  }
  if (filled > limit_bytes)
    return error{errc::format,
                 fmt::format("content is larger than the limit of {} bytes", limit_bytes)};
  made.resize(filled);
  return made;
}

} // namespace pgbraid::codec
