// A shared library that is loaded when it is needed first. The program is started for every WAL
// segment, and should not pay each time for what a few commands use: libpq brings some twenty
// libraries with it. SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <mutex>
#include <string>

namespace pgbraid {

/// A library of the system. Never unloaded: others may have kept what they found in it.
class late_library {
public:
  /// @param name  as the dynamic linker knows it, with the number of its interface
  explicit late_library(std::string name) : name_(std::move(name)) {}

  /// Loads it, once. Fails with `file_missing` and what the dynamic linker says; the next call
  /// tries again. May be called by several threads.
  result<void> load();

  /// The address of a function of it. The library must have been loaded, and must have the
  /// function: ends the program otherwise.
  void* function(const char* name) const;

private:
  std::string name_;
  std::mutex loading_;
  void* handle_ = nullptr;
};

} // namespace pgbraid
