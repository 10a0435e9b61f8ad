// Text made safe for a log.
// SPDX-License-Identifier: MIT
#include "engine/base/printable.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using pgbraid::printable;

namespace {

std::string shown(std::string_view text) {
  pgbraid::test::hostile("control characters and line feeds");
  return printable(text);
}

} // namespace

TEST_CASE("printable: text, line feeds, tabs and UTF-8 stay as they are") {
  for (const auto* text : {"", "plain 'text'", "two\nlines\tand a tab", "sn\xC3\xB6w \xE2\x82\xAC",
                           "\xF0\x9F\x90\x98", "\xC2\xA0"})
    CHECK(printable(text) == text);
}

TEST_CASE("printable: control characters and bytes that are no UTF-8 are escaped") {
  CHECK(shown("\x1B[2J") == "\\x1b[2J");
  CHECK(shown(std::string("a\0b", 3)) == "a\\x00b");
  CHECK(shown("\r\x7F") == "\\x0d\\x7f");
  CHECK(shown("\xC2\x9B") == "\\xc2\\x9b");          // C1: a terminal's CSI
  CHECK(shown("\xC0\xAF") == "\\xc0\\xaf");          // longer than it needs
  CHECK(shown("\xE0\x80\xAF") == "\\xe0\\x80\\xaf"); // the same
  CHECK(shown("\xED\xA0\x80") == "\\xed\\xa0\\x80"); // a surrogate
  CHECK(shown("\xF4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  CHECK(shown("cut \xE2\x82") == "cut \\xe2\\x82");
  CHECK(shown("\xFF\xFE") == "\\xff\\xfe");
}

TEST_CASE("printable: a line has no line feeds and tabs either") {
  CHECK(pgbraid::printable_line("a\nb\tc\x1B sn\xC3\xB6w") == "a\\x0ab\\x09c\\x1b sn\xC3\xB6w");
}

TEST_CASE("printable: JSON keeps its meaning where it has one, and is valid in any case") {
  using pgbraid::printable_json;
  pgbraid::test::hostile("control characters and line feeds", 5);
  CHECK(printable_json(R"([{"a":"b \\ \" \n"}])") == R"([{"a":"b \\ \" \n"}])");
  CHECK(printable_json("[\"\x1B[2J\"]") == "[\"\\u001b[2J\"]");
  CHECK(printable_json(std::string("[\"a\0b\"]", 7)) == "[\"a\\u0000b\"]");
  CHECK(printable_json("[\"\x7F\xC2\x9Bsn\xC3\xB6w\"]") == "[\"\\u007f\\u009bsn\xC3\xB6w\"]");
  CHECK(printable_json("[\"\xFF\xC0\xAF\"]") == "[\"\\\\xff\\\\xc0\\\\xaf\"]");
  // A backslash before the byte is an escape of its own.
  CHECK(printable_json("[\"\\\\\x01\"]") == "[\"\\\\\\u0001\"]");
}
