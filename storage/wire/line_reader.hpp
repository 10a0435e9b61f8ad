// The body of an answer, by line and by byte.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/client_link.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pgbraid::wire {

/// Reads ahead in the body of one call, which must outlive it.
class line_reader {
public:
  explicit line_reader(link::call& from) : from_(from) {}

  /// The next line without its line feed; empty at the end. Fails with `protocol` when it is longer
  /// than `line_limit_bytes` or the end comes in the middle, and with the other end's error, which
  /// stays.
  result<std::optional<std::string>> next();
  /// Exactly so many bytes; `protocol` when the end comes before.
  result<void> read(byte_span out);

private:
  result<bool> fill();
  error fail(error why);

  link::call& from_;
  std::vector<std::byte> ahead_ = {};
  size_t at_ = 0;
  bool ended_ = false;
  std::optional<error> failure_ = {};
};

} // namespace pgbraid::wire
