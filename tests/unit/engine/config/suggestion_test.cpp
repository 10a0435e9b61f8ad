// Nearest known words.
// SPDX-License-Identifier: MIT
#include "engine/config/suggestion.hpp"

#include <doctest/doctest.h>

using namespace pgbraid::config;

TEST_CASE("suggestion: letters missing, added, wrong or swapped") {
  CHECK(nearest_option("stanz") == "stanza");
  CHECK(nearest_option("stanzaa") == "stanza");
  CHECK(nearest_option("stanca") == "stanza");
  CHECK(nearest_option("satnza") == "stanza");
  CHECK(nearest_option("repo12-retention-ful") == "repo12-retention-full");
  CHECK(nearest_command("restroe") == "restore");
  CHECK(nearest_command("stanza-craete") == "stanza-create");
}

TEST_CASE("suggestion: nothing when nothing is near") {
  CHECK(nearest_option("wxyzwxyz").empty());
  CHECK(nearest_option("").empty());
  CHECK(nearest_option(std::string(100000, 'a')).empty());
  CHECK(nearest_command("x").empty());
}
