// Whether anybody could read what a manifest becomes.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/manifest_proof.hpp"

namespace pgbraid::test {

inline result<void> prove_readable(const format::manifest& of) {
  format::manifest_proof proof(of);
  auto rendered = format::render(of, [&](std::string_view piece) {
    proof.feed(piece);
    return success();
  });
  return rendered ? proof.finish() : rendered;
}

} // namespace pgbraid::test
