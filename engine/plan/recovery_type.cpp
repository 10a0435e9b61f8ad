// The words of recovery types.
// SPDX-License-Identifier: MIT
#include "engine/plan/recovery_type.hpp"

#include "engine/base/enum_words.hpp"

#include <cstddef>

namespace pgbraid::plan {

namespace {

constexpr auto words = words_of<recovery_type>("default", "immediate", "standby", "none",
                                               "preserve", "name", "time", "lsn", "xid");

} // namespace

std::optional<recovery_type> parse_recovery_type(std::string_view word) {
  for (size_t i = 0; i < words.size(); ++i)
    if (words[i] == word)
      return static_cast<recovery_type>(i);
  return {};
}

std::string_view recovery_type_word(recovery_type type) {
  return word_for(words, type);
}

recovery_type type_for_backup(recovery_type wished, bool given, bool online) {
  return online || given ? wished : recovery_type::none;
}

bool has_recovery_target(recovery_type type) {
  return type == recovery_type::name || type == recovery_type::time || type == recovery_type::lsn ||
         type == recovery_type::xid;
}

} // namespace pgbraid::plan
