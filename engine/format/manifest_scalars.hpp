// The sections of a manifest that hold one value per key.
// Source of the keys: engine/format/README.md, section 8.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/info_file.hpp"
#include "engine/format/manifest.hpp"

#include <bitset>

namespace pgbraid::format {

/// Reads these keys and remembers which were there.
class manifest_scalars {
public:
  /// Takes one line; keys that are not known are for later versions and skipped.
  result<void> read(manifest& to, const info_line& line);
  /// Checks that all required keys were there and make sense, and settles the compress type.
  result<void> finish(manifest& of) const;

private:
  std::bitset<64> seen_;
};

} // namespace pgbraid::format
