// The proof that the text of a manifest says what the manifest says.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"

#include <memory>
#include <string_view>

namespace pgbraid::format {

/// Reads a text that was made of a manifest as any reader would, piece by piece, and compares each
/// file with the one it stands for; no second manifest is made.
class manifest_proof {
public:
  /// @param of  sorted; must outlive the proof and stay as it is
  explicit manifest_proof(const manifest& of);
  ~manifest_proof();
  manifest_proof(const manifest_proof&) = delete;
  manifest_proof& operator=(const manifest_proof&) = delete;

  /// What is wrong with it is said at the end: a writer need not stop.
  void feed(std::string_view piece);
  /// Fails with `format` (29) where readers would refuse the text or take it for something else.
  result<void> finish();

private:
  class reader;
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace pgbraid::format
