// Names of options, checked while compiling.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/option_table.hpp"

#include <cstddef>
#include <cstdint>

namespace pgbraid::config {

/// The place of an option in the table, made from a literal: a name that is not in the table, or an
/// option that has none of the types `Types` (none given: any type), does not compile.
template <option_type... Types> class key_of {
public:
  // NOLINTNEXTLINE(google-explicit-constructor): opts.flag("online") is the point.
  consteval key_of(const char* name) : row_(static_cast<uint16_t>(find_option(name))) {
    if (row_ == options_table.size())
      throw "there is no option of this name";
    if (sizeof...(Types) != 0 && !((options_table[row_].type == Types) || ...))
      throw "this option has another type";
  }

  /// A key of one type is a key.
  template <option_type... Others>
  requires(sizeof...(Types) == 0 && sizeof...(Others) != 0)
      // NOLINTNEXTLINE(google-explicit-constructor)
      constexpr key_of(key_of<Others...> other)
      : row_(static_cast<uint16_t>(other.row())) {}

  constexpr size_t row() const { return row_; }

private:
  uint16_t row_;
};

using key = key_of<>;
using flag_key = key_of<option_type::boolean>;
using integer_key = key_of<option_type::integer>;
using size_key = key_of<option_type::size>;
using time_key = key_of<option_type::time>;
using text_key =
    key_of<option_type::string, option_type::path, option_type::choice, option_type::bool_like>;
using list_key = key_of<option_type::list>;
using map_key = key_of<option_type::map>;

} // namespace pgbraid::config
