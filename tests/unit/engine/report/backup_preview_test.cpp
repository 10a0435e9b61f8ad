// What a backup that is not made says.
// SPDX-License-Identifier: MIT
#include "engine/report/backup_preview.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>

using namespace pgbraid::report;

namespace {

backup_preview some() {
  return {.type = "incr",
          .prior = "20260101-000000F",
          .delta = true,
          .entries = {{backup_action::compare, "compare", "pg_data/a", 8192, {}},
                      {backup_action::copy, "new", "pg_data/b\n\x1b[31m\xff", 10, {}},
                      {backup_action::refer, "unchanged", "pg_data/c", 3, "20251231-000000F"},
                      {backup_action::record, "empty", "pg_data/d", 0, {}}}};
}

} // namespace

TEST_CASE("backup preview: a line for each file, and sums") {
  const auto text = preview_text(some());
  CHECK(text.starts_with(
      "compare pg_data/a (compare, 8KB)\ncopy    pg_data/b\\x0a\\x1b[31m\\xff (new, "
      "10B)\nrefer   pg_data/c (unchanged, 3B) to 20251231-000000F\n"));
  CHECK(text.find("incr backup on 20260101-000000F, by contents (delta):\n") != std::string::npos);
  CHECK(text.find("  copy    1 file(s), 10B (10 bytes)\n") != std::string::npos);
  CHECK(text.ends_with("nothing was changed\n"));
  CHECK(preview_text({.type = "full"})
            .starts_with("full backup:\n  compare 0 file(s), 0B (0 bytes)\n"));
}

TEST_CASE("backup preview: JSON for programs") {
  const auto read = nlohmann::json::parse(preview_json(some()));
  CHECK(read["type"] == "incr");
  CHECK(read["prior"] == "20260101-000000F");
  CHECK(read["delta"] == true);
  REQUIRE(read["entry"].size() == 4);
  CHECK(read["entry"][2]["from"] == "20251231-000000F");
  CHECK_FALSE(read["entry"][0].contains("from"));
  CHECK(read["entry"][1]["why"] == "new");
  CHECK(read["total"]["copy"]["count"] == 1);
  CHECK(read["total"]["compare"]["bytes"] == 8192);
}
