// Whether a list of a store may go on.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_store.hpp"

#include <string>

namespace pgbraid::object {

/// Tells a list that goes on from one that never ends. What a page tells must be behind what was
/// told before. A page may be empty though more follows (a store that looked only at what was
/// removed): `empty_most` in a row, each with another way on than the one before.
class list_guard {
public:
  static constexpr unsigned empty_most = 1000;

  /// Whether to ask for what follows this page.
  bool goes_on(const object_page& page);

private:
  std::string last_;
  std::string next_;
  unsigned empty_ = 0;
};

} // namespace pgbraid::object
