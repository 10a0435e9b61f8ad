// Words of enumerations.
// SPDX-License-Identifier: MIT
#include "engine/base/enum_words.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using namespace pgbraid;

namespace {

enum class colour : uint8_t { red, green };
enum class sparse { first, third = 2 };

} // namespace

TEST_CASE("enum words: which values have an enumerator") {
  CHECK(is_enumerator<colour::red>());
  CHECK(is_enumerator<colour::green>());
  CHECK_FALSE(is_enumerator<static_cast<colour>(2)>());
  CHECK_FALSE(is_enumerator<static_cast<sparse>(1)>());
  CHECK(is_enumerator<static_cast<sparse>(2)>());
}

TEST_CASE("enum words: one for each") {
  constexpr auto words = words_of<colour>("red", "green");
  CHECK(words.size() == 2);
  CHECK(word_for(words, colour::red) == "red");
  CHECK(word_for(words, colour::green) == "green");
}
