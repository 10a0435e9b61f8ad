// Who may store a segment when several want to.
// SPDX-License-Identifier: MIT
#include "engine/plan/wal_turn.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

using entries = std::vector<format::wal_entry>;

format::wal_entry entry_of(const std::string& checksum) {
  return {.file_name = "x", .segment = "000000010000000000000001", .checksum = checksum};
}

} // namespace

TEST_CASE("wal turn: what is stored counts before what is under way") {
  const auto low = entry_of("a");
  const auto mine = entry_of("b");
  const auto high = entry_of("c");
  CHECK(wal_turn_of("b", {}, {}) == wal_turn::ours);
  CHECK(wal_turn_of("b", {}, entries{mine, mine}) == wal_turn::ours);
  CHECK(wal_turn_of("b", entries{mine}, entries{low, high}) == wal_turn::stored);
  CHECK(wal_turn_of("b", entries{mine, high}, {}) == wal_turn::taken);
  CHECK(wal_turn_of("b", entries{low}, entries{mine}) == wal_turn::taken);
  CHECK(wal_turn_of("b", {}, entries{high, mine}) == wal_turn::first);
  CHECK(wal_turn_of("b", {}, entries{mine, low}) == wal_turn::second);
  CHECK(wal_turn_of("b", {}, entries{high, mine, low}) == wal_turn::second);
}

TEST_CASE("wal turn: of several that see each other exactly one goes first") {
  const entries all = {entry_of("3"), entry_of("1"), entry_of("2")};
  int first = 0;
  for (const auto& one : all)
    first += wal_turn_of(one.checksum, {}, all) == wal_turn::first;
  CHECK(first == 1);
}
