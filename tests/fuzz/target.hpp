// What all fuzz targets need.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace pgbraid::fuzz {

/// Ends the process when something does not hold that must hold for any input.
void must(bool holds, std::string_view what);
/// An error can be written to a terminal as it is.
void must_be_shown(const error& what);

inline std::string_view text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Size of the pieces that bytes arrive in: 1 to 4096.
inline size_t piece_of(uint8_t chosen) {
  return size_t{1} << chosen % 13;
}

} // namespace pgbraid::fuzz
