// Reading lines of an answer.
// SPDX-License-Identifier: MIT
#include "storage/wire/line_reader.hpp"

#include "storage/wire/wire.hpp"

#include <algorithm>

namespace pgbraid::wire {

namespace {

constexpr size_t ahead_bytes = size_t{64} << 10;

error ended_early() {
  return {errc::protocol, "the answer of the other host ends in the middle"};
}

} // namespace

// Reads more once everything was used. False at the end of the answer.
result<bool> line_reader::fill() {
  if (failure_)
    return *failure_;
  if (ended_)
    return false;
  ahead_.resize(ahead_bytes);
  at_ = 0;
  auto got = from_.read(ahead_);
  if (!got)
    return fail(got.failure());
  ended_ = *got < ahead_.size();
  ahead_.resize(*got);
  // An answer that ends may end with an error.
  if (ended_)
    if (auto end = from_.trailer(); !end)
      return fail(end.failure());
  return !ahead_.empty();
}

// What came with an error is not told after it, as if all were well.
error line_reader::fail(error why) {
  ahead_.clear();
  failure_ = std::move(why);
  return *failure_;
}

result<std::optional<std::string>> line_reader::next() {
  std::string line;
  for (;;) {
    if (at_ == ahead_.size()) {
      auto more = fill();
      if (!more)
        return more.failure();
      if (!*more && line.empty())
        return std::optional<std::string>();
      if (!*more)
        return ended_early();
    }
    const auto rest = as_text(ahead_).substr(at_);
    const auto end = rest.find('\n');
    line += rest.substr(0, end);
    if (line.size() > line_limit_bytes)
      return error{errc::protocol, "the other host sent a line that is too long"};
    at_ += std::min(rest.size(), end == rest.npos ? rest.size() : end + 1);
    if (end != rest.npos)
      return std::optional(std::move(line));
  }
}

result<void> line_reader::read(byte_span out) {
  while (!out.empty()) {
    if (at_ == ahead_.size()) {
      auto more = fill();
      if (!more)
        return more.failure();
      if (!*more)
        return ended_early();
    }
    const auto size = std::min(out.size(), ahead_.size() - at_);
    std::copy_n(ahead_.begin() + static_cast<std::ptrdiff_t>(at_), size, out.begin());
    at_ += size;
    out = out.subspan(size);
  }
  return success();
}

} // namespace pgbraid::wire
