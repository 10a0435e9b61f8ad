// Loads options from values a test gives, without the machine's own configuration.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/load.hpp"
#include "engine/config/sources.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace pgbraid::config {

/// One run: what is said where, and what came of it.
struct run {
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::string file = {};           ///< content of the configuration file; "" for none
  std::string extension = ".conf"; ///< or .toml

  std::vector<std::string> warnings = {};

  result<options> load() {
    inputs from{
        args, environment, "/usr/bin/pgbraid", {"/nowhere/own", "/nowhere", "/nowhere/old"}};
    std::string path;
    if (!file.empty()) {
      std::string name =
          (std::filesystem::temp_directory_path() / "pgbraid-config-XXXXXX").string();
      path = std::string(::mkdtemp(name.data())) + "/main" + extension;
      std::ofstream(path) << file;
      from.environment.emplace_back("PGBACKREST_CONFIG", path);
    }
    auto out = config::load(from, warnings);
    if (!path.empty())
      std::filesystem::remove_all(std::filesystem::path(path).parent_path());
    return out;
  }

  /// Options of a run that must work.
  options good() {
    auto out = load();
    REQUIRE_MESSAGE(out, (out ? "" : out.failure().text()));
    return std::move(*out);
  }

  /// The error of a run that must fail, as the log prints it: `[031]: text`.
  std::string bad() {
    auto out = load();
    REQUIRE_FALSE(out);
    return "[" + std::to_string(static_cast<int>(out.failure().code)) +
           "]: " + out.failure().text();
  }
};

inline run backup(std::vector<std::string> more) {
  run out{{"backup", "--stanza=demo", "--pg1-path=/pg"}};
  out.args.insert(out.args.end(), more.begin(), more.end());
  return out;
}

} // namespace pgbraid::config
