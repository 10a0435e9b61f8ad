// Requests and their answers, as values.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid::http {

/// A body that several may hold, so that it can be sent again.
using shared_body = std::shared_ptr<const std::vector<std::byte>>;

struct header {
  std::string name; ///< in lower case
  std::string value;
};

struct request {
  std::string method;
  std::string url = {}; ///< percent-encoded, with scheme and query
  std::vector<header> headers = {};
  shared_body body = {}; ///< null: none
  /// More than this is not taken: the answer is broken off.
  uint64_t answer_limit_bytes = uint64_t{1} << 20;
  bool secret = false; ///< neither its query nor what is answered is to be shown
};

/// An answer, or as much of it as came.
struct response {
  int status = 0; ///< 0: there was none
  std::vector<header> headers = {};
  std::vector<std::byte> body = {};
  /// What went wrong on the way; `transient` where another try may do better.
  std::optional<error> broken = {};

  /// The first header of that name (in lower case); empty when there is none.
  std::string_view find(std::string_view name) const {
    for (const auto& one : headers)
      if (one.name == name)
        return one.value;
    return {};
  }
};

} // namespace pgbraid::http
