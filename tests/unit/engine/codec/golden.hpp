// Single files of the golden repositories.
// SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/engine/codec/tool.hpp"

namespace pgbraid::codec::rig {

/// The bytes of one file in a golden repository; empty when ../shared is not here.
inline std::optional<bytes> golden_file(const std::string& set, const std::string& path) {
  const char* given = std::getenv("PGBRAID_SHARED");
  const auto shared = given != nullptr ? std::string(given) : PGBRAID_SOURCE "/../shared";
  const auto archive = shared + "/golden/" + set + ".tar.zst";
  if (!std::filesystem::exists(archive))
    return {};
  return through("zstd -dc '" + archive + "' | tar -xO '" + path + "'", {});
}

} // namespace pgbraid::codec::rig
