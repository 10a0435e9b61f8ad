// Tests of what `verify` says.
// SPDX-License-Identifier: MIT
#include "engine/report/verified_stanza.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace pgbraid::report;

namespace {

verified_stanza sample() {
  return {.name = "demo",
          .archives = {{.id = "15-1", .wal = {.total = 8, .valid = 8}}},
          .backups = {{.label = "20261121-223627F", .files = {.total = 10, .valid = 10}}}};
}

} // namespace

TEST_CASE("verified: what is well is shown to those who want to see it") {
  const auto of = sample();
  CHECK(verified_text(of, false) == "stanza: demo\nstatus: ok");
  CHECK(
      verified_text(of, true) ==
      "stanza: demo\nstatus: ok\n  archiveId: 15-1, total WAL checked: 8, total valid WAL: 8\n"
      "    missing: 0, checksum invalid: 0, size invalid: 0, other: 0\n"
      "  backup: 20261121-223627F, status: valid, total files checked: 10, total valid files: 10\n"
      "    missing: 0, checksum invalid: 0, size invalid: 0, other: 0");
  CHECK(verified_text({.name = "demo"}, true) ==
        "stanza: demo\nstatus: ok\n    no archives or backups exist in the repo");
}

TEST_CASE("verified: what is wrong is shown to all") {
  auto of = sample();
  of.archives[0].wal.valid = 7;
  of.archives[0].wal.unreadable = 1;
  of.backups[0].state = verified_state::invalid;
  of.backups[0].files.valid = 7;
  of.backups[0].files.missing = 2;
  of.backups[0].files.wrong_content = 1;
  of.backups[0].lacking_wal = 3;
  of.backups[0].doubtful = {"a", "b"};
  CHECK(of.is_damaged());
  CHECK(verified_text(of, false) ==
        "stanza: demo\nstatus: error\n"
        "  archiveId: 15-1, total WAL checked: 8, total valid WAL: 7\n    other: 1\n"
        "  backup: 20261121-223627F, status: invalid, total files checked: 10, total valid files: "
        "7\n    missing: 2, checksum invalid: 1\n    WAL missing or invalid: 3\n"
        "    may need blocks of: a, b");
  const auto json = nlohmann::json::parse(verified_json(of));
  CHECK(json["status"] == "error");
  CHECK(json["archive"][0]["wal"]["other"] == 1);
  CHECK(json["backup"][0]["file"]["missing"] == 2);
  CHECK(json["backup"][0]["needs-blocks-of"] == nlohmann::json{"a", "b"});
  CHECK(json["backup"][0]["wal-lacking"] == 3);
}

TEST_CASE("verified: a known gap is shown to all, and is no damage by itself") {
  auto of = sample();
  of.gaps = {{"000000010000000000000003", "000000010000000000000005", 1'700'000'000}};
  CHECK_FALSE(of.is_damaged());
  const auto text = verified_text(of, false);
  CHECK(text.starts_with("stanza: demo\nstatus: ok\n  gap since 2023-11-1"));
  CHECK(text.ends_with(": 000000010000000000000003/000000010000000000000005"));
  const auto json = nlohmann::json::parse(verified_json(of));
  CHECK(json["status"] == "ok");
  CHECK(json["gap"] == nlohmann::json::parse(R"([{"since": 1700000000, "wal":
      {"start": "000000010000000000000003", "stop": "000000010000000000000005"}}])"));
}

TEST_CASE("verified: each thing that is wrong is an error alone") {
  const auto damaged = [](auto change) {
    auto of = sample();
    change(of);
    return of.is_damaged();
  };
  CHECK_FALSE(damaged([](auto&) {}));
  CHECK(damaged([](auto& of) { of.problems = {"No usable backup.info file"}; }));
  CHECK(damaged([](auto& of) { of.archives[0].known = false; }));
  CHECK(damaged([](auto& of) { of.archives[0].wal.valid = 7; }));
  CHECK(damaged([](auto& of) { of.backups[0].state = verified_state::invalid; }));
  CHECK(damaged([](auto& of) { of.backups[0].lacking_wal = 1; }));
  CHECK(damaged([](auto& of) { of.backups[0].doubtful = {"a"}; }));
  // Somebody may expire or make one just now.
  CHECK_FALSE(damaged([](auto& of) { of.backups[0].state = verified_state::manifest_missing; }));
  CHECK_FALSE(damaged([](auto& of) { of.backups[0].state = verified_state::in_progress; }));
}
