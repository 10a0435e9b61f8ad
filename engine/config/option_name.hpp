// From a name as users write it to a row of the option table and a key.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/option_table.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::config {

/// One option: a row of the table and, in a group, the key users write (0 otherwise).
struct option_ref {
  uint16_t row = 0;
  unsigned key = 0;

  const option_row& table_row() const { return options_table[row]; }
  auto operator<=>(const option_ref&) const = default;
};

/// `repo1-path`, `stanza`.
std::string shown_name(option_ref ref);

/// `repo1-path` taken apart: `repo-path` and 1. The key is 0 when there is none.
struct keyed_name {
  std::string base;
  unsigned key = 0;
};
keyed_name split_key(std::string_view name);

enum class name_form : uint8_t { plain, negate, reset };

struct found_name {
  option_ref ref;
  name_form form = name_form::plain;
  bool deprecated = false;
};

/// Finds the option that `name` (`repo1-path`, `no-online`, `reset-delta`, `db-path`) means.
/// @param prefixes  also accept the beginning of a name if only one option begins so
/// Empty when there is none. Fails with `option_invalid` for a missing, superfluous or bad key.
result<std::optional<found_name>> find_name(std::string_view name, bool prefixes);

} // namespace pgbraid::config
