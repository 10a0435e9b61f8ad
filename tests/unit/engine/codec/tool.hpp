// Pipes bytes through command line tools, for an opinion that is not ours.
// SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/engine/codec/rig.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace pgbraid::codec::rig {

/// Whether a program is installed.
inline bool has_tool(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0; // NOLINT
}

/// What `command` writes when it reads `input`; empty optional when it fails.
inline std::optional<bytes> through(const std::string& command, const bytes& input) {
  auto path = (std::filesystem::temp_directory_path() / "pgbraid-codec-XXXXXX").string();
  const int made = mkstemp(path.data());
  REQUIRE(made >= 0);
  close(made);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(input.data()),
             static_cast<std::streamsize>(input.size()));
  const auto result_path = path + ".out";
  const int status = std::system( // NOLINT
      ("(" + command + ") <" + path + " >" + result_path + " 2>/dev/null").c_str());
  std::ifstream file(result_path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove(path);
  std::filesystem::remove(result_path);
  if (status != 0)
    return {};
  return copy(as_bytes(text));
}

} // namespace pgbraid::codec::rig
