// What one program tells the other one, which goes on with its command.
// SPDX-License-Identifier: MIT
#include "cli/frame/continued.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace pgbraid;
using namespace pgbraid::cli;

namespace {
const begun_command one{.began = monotonic::time_point(std::chrono::nanoseconds(123456789)),
                        .exec_id = "4711-0badcafe"};
} // namespace

TEST_CASE("what was begun arrives as it was told") {
  const auto told = parse_begun(begun_text(one, 4711), 4711);
  REQUIRE(told);
  CHECK(told->began == one.began);
  CHECK(told->exec_id == one.exec_id);
}

TEST_CASE("another process that inherits it does not believe it") {
  CHECK_FALSE(parse_begun(begun_text(one, 4711), 4712));
}

TEST_CASE("anything else means nothing") {
  for (const auto* text : {"", " ", "4711", "4711 ", "4711 1", "4711 1 ", "x 1 a", "4711 x a",
                           "47111 1 a", "-4711 1 a", "4711  1 a", "99999999999999999999 1 a"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_begun(text, 4711));
  }
}

TEST_CASE("a user sets no option with it") {
  CHECK(std::string(begun_variable).find("PGBRAID_") != 0);
  CHECK(std::string(begun_variable).find("PGBACKREST_") != 0);
}
