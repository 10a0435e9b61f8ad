// info: the JSON of real writers, and the text for people.
// SPDX-License-Identifier: MIT
#include "engine/report/info_stanza.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/format/golden.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <ctime>

using namespace pgbraid;
using namespace pgbraid::report;

namespace {

struct utc {
  utc() {
    setenv("TZ", "UTC0", 1);
    tzset();
  }
  ~utc() {
    unsetenv("TZ");
    tzset();
  }
};

info_repository repository_with(const std::string& label, uint64_t system_id, unsigned key = 1) {
  info_repository repo{.key = key};
  repo.info.emplace();
  repo.info->add_history(system_id, "15", 0, 0);
  format::backup_summary backup{.label = label};
  backup.history_id = 1;
  backup.start_s = 1795300587; // 2026-11-21 22:36:27 UTC
  backup.stop_s = 1795300601;
  backup.size_bytes = backup.size_delta_bytes = 47201156;
  backup.repo_size_bytes = backup.repo_size_delta_bytes = 8677837;
  backup.lsn_start = "0/4000028";
  backup.lsn_stop = "0/4000100";
  backup.archive_start = backup.archive_stop = "000000010000000000000004";
  backup.writer_version = "2.59.1";
  backup.page_errors = false;
  repo.info->add(backup);
  repo.wal = {{"15-1", 1, "000000010000000000000001", "000000010000000000000008"}};
  return repo;
}

} // namespace

TEST_CASE("info: the JSON of the writers of the golden repositories") {
  for (const auto& one : golden::sets()) {
    if (golden::is_format_6(one))
      continue;
    CAPTURE(one.name);
    auto expected = nlohmann::json::parse(one.info_json);
    info_repository repo;
    repo.cipher = one.passphrase.empty() ? cipher_type::none : cipher_type::aes_256_cbc;
    auto info = format::parse_backup_info(
        golden::read_plain(one.repository / "backup/demo/backup.info", one.passphrase));
    REQUIRE(info);
    repo.info = std::move(*info);
    for (const auto& wal : expected[0]["archive"])
      repo.wal.push_back({wal["id"], wal["database"]["id"], wal["min"].get<std::string>(),
                          wal["max"].get<std::string>()});
    // The restore lock is told since 2.48.
    expected[0]["status"]["lock"]["restore"]["held"] = false;
    info_stanza stanza{.name = "demo", .repositories = {}};
    stanza.repositories.push_back(std::move(repo));
    std::vector<info_stanza> stanzas;
    stanzas.push_back(std::move(stanza));
    // nlohmann sorts members too, so the texts are comparable, not only the values.
    CHECK(info_json(stanzas, info_level::full) == expected.dump());
  }
}

TEST_CASE("info: the text of the specification's sample") {
  const utc zone;
  std::vector<info_stanza> stanzas{{.name = "demo", .repositories = {}}};
  stanzas[0].repositories.push_back(repository_with("20261121-223627F", 1));
  CHECK(info_text(stanzas, info_level::full, false) ==
        "stanza: demo\n"
        "    status: ok\n"
        "    cipher: none\n"
        "\n"
        "    db (current)\n"
        "        wal archive min/max (15): "
        "000000010000000000000001/000000010000000000000008\n"
        "\n"
        "        full backup: 20261121-223627F\n"
        "            timestamp start/stop: 2026-11-21 22:36:27+00 / 2026-11-21 22:36:41+00\n"
        "            wal start/stop: 000000010000000000000004 / 000000010000000000000004\n"
        "            database size: 45MB, database backup size: 45MB\n"
        "            repo1: backup set size: 8.3MB, backup size: 8.3MB\n");
  // And the sample element of the JSON.
  CHECK(
      info_json(stanzas, info_level::full)
          .find(
              R"({"archive":{"start":"000000010000000000000004","stop":"000000010000000000000004"},)"
              R"("backrest":{"format":5,"version":"2.59.1"},"database":{"id":1,"repo-key":1},)"
              R"("error":false,"info":{"delta":47201156,"repository":{"delta":8677837,)"
              R"("size":8677837},"size":47201156},"label":"20261121-223627F","lsn":)"
              R"({"start":"0/4000028","stop":"0/4000100"},"prior":null,"reference":null,)"
              R"("timestamp":{"start":1795300587,"stop":1795300601},"type":"full"})") !=
      std::string::npos);
}

TEST_CASE("info: repositories that differ") {
  std::vector<info_stanza> stanzas{{.name = "demo", .repositories = {}}};
  auto& repos = stanzas[0].repositories;
  repos.push_back(repository_with("20261121-223627F", 1));
  repos.push_back(
      {.key = 3, .cipher = cipher_type::aes_256_cbc, .code = info_code::missing_stanza_path});
  CHECK(stanzas[0].code() == info_code::different);
  const auto text = info_text(stanzas, info_level::full, false);
  CHECK(text.starts_with("stanza: demo\n"
                         "    status: mixed\n"
                         "        repo1: ok\n"
                         "        repo3: error (missing stanza path)\n"
                         "    cipher: mixed\n"
                         "        repo1: none\n"
                         "        repo3: aes-256-cbc\n"
                         "\n"
                         "    db (current)\n"));
  repos.push_back(repository_with("20261121-223627F", 2, 5));
  CHECK(stanzas[0].code() == info_code::database_mismatch);
  const auto both = info_text(stanzas, info_level::full, false);
  CHECK(both.find("status: error (database mismatch across repos)") != both.npos);
  CHECK(both.find("db (prior)") < both.find("db (current)"));
  const auto of_one = info_text(stanzas, info_level::full, true);
  CHECK(of_one.find("db (prior)") == of_one.npos);
  CHECK(of_one.find("repo1: backup set size") != of_one.npos);
}

TEST_CASE("info: failures are told line by line") {
  std::vector<info_stanza> stanzas{{.name = "demo", .repositories = {}}};
  info_repository broken;
  set_failure(broken, error{errc::crypto, "content cannot be decrypted", "Is it?"});
  stanzas[0].repositories.push_back(broken);
  CHECK(stanzas[0].code() == info_code::other);
  CHECK(info_text(stanzas, info_level::full, false) ==
        "stanza: demo\n"
        "    status: error (other)\n"
        "            [CryptoError] content cannot be decrypted\n"
        "            HINT: Is it?\n"
        "    cipher: none\n");
  CHECK(info_text({}, info_level::full, false) == "No stanzas exist in the repository.\n");
  CHECK(info_json({}, info_level::full) == "[]");
}

TEST_CASE("info: what a repository says cannot steer a terminal, nor break its JSON") {
  test::hostile("control characters and line feeds", 5);
  const utc zone;
  std::vector<info_stanza> stanzas{{.name = "de\x1B[2Jmo", .repositories = {}}};
  auto repo = repository_with("20261121-223627F", 1);
  auto& backup = repo.info->backups.front();
  backup.annotations["k\x07"] = "line\n            database list: none\x9B\xFF";
  repo.detail.emplace();
  repo.detail->databases = {{"evil\nname\x1B]0;x\x07", 16384}};
  repo.detail->tablespaces = {{"ts\r", 16385, "/a\tb\x01"}};
  stanzas[0].repositories.push_back(std::move(repo));
  const auto text = info_text(stanzas, info_level::full, true);
  for (const char c : text)
    REQUIRE((static_cast<unsigned char>(c) >= 0x20 || c == '\n'));
  CHECK(text.find("database list: evil\\x0aname\\x1b]0;x\\x07 (16384)\n") != text.npos);
  CHECK(text.find("k\\x07: line\\x0a            database list: none\\x9b\\xff\n") != text.npos);
  const auto json = info_json(stanzas, info_level::full);
  for (const char c : json)
    REQUIRE(static_cast<unsigned char>(c) >= 0x20);
  const auto parsed = nlohmann::json::parse(json); // throws where it is no JSON
  CHECK(parsed[0]["name"] == "de\x1B[2Jmo");
  CHECK(parsed[0]["backup"][0]["database-ref"][0]["name"] == "evil\nname\x1B]0;x\x07");
}

TEST_CASE("info: progress is one line, whatever the repositories say") {
  // What pgBackRest 2.60.0 prints of a stanza that one of two repositories has.
  std::vector<info_stanza> stanzas{{.name = "demo", .repositories = {}}};
  stanzas[0].repositories.push_back({.key = 1});
  stanzas[0].repositories.push_back({.key = 2, .code = info_code::missing_stanza_path});
  CHECK(info_text(stanzas, info_level::progress, false) ==
        "stanza: demo\n    status: error (different across repos)\n");
}

TEST_CASE("info: locks") {
  std::vector<info_stanza> stanzas{{.name = "demo", .repositories = {}}};
  stanzas[0].repositories.push_back({.code = info_code::no_valid_backups});
  stanzas[0].backup = {.held = true, .repositories = {{1, 600, 300}, {2, 400, 200}}};
  stanzas[0].restore = {.held = true, .repositories = {}};
  CHECK(info_text(stanzas, info_level::progress, false) ==
        "stanza: demo\n    status: error (no valid backups, "
        "backup/expire running - 50.00% complete, restore running)\n");
  CHECK(info_json(stanzas, info_level::progress) ==
        R"([{"name":"demo","status":{"code":2,"lock":{"backup":{"held":true,"repo":[)"
        R"({"key":1,"size":600,"size-cplt":300},{"key":2,"size":400,"size-cplt":200}],)"
        R"("size":1000,"size-cplt":500},"restore":{"held":true}},"message":"no valid backups"}}])");
}

TEST_CASE("info: where WAL ends stands below all else where somebody is behind, and nowhere else") {
  const utc zone;
  info_stanza stanza{.name = "demo", .repositories = {repository_with("20261121-223627F", 77)}};
  const auto before = info_text({stanza}, info_level::full, false);
  stanza.archived.push_back(
      {.key = 1, .last = "000000010000000000000012", .stored_s = 1795300587, .age_s = 90});
  stanza.archived.push_back(
      {.key = 4,
       .last = "000000010000000000000011",
       .stored_s = 1795300587,
       .age_s = 90,
       .lag = {{"000000010000000000000012", 1, 16 << 20, "1 behind, on its way"}}});
  CHECK(info_text({stanza}, info_level::full, false) == before);
  CHECK(info_json({stanza}, info_level::full).find("archive-lag") == std::string::npos);
  stanza.archived.pop_back();
  stanza.archived.push_back({.key = 2,
                             .last = "00000001000000000000000E",
                             .stored_s = 1795300487,
                             .age_s = 190,
                             .lag = {{"000000010000000000000012", 4, 64 << 20, "4 behind"}}});
  stanza.archived.push_back(
      {.key = 3, .lag = {{"000000010000000000000012", {}, {}, "behind all"}}});
  CHECK(info_text({stanza}, info_level::full, false) ==
        before +
            "\n"
            "    wal archived so far\n"
            "        repo1: 000000010000000000000012, stored 2026-11-21 22:36:27+00 (1m ago)\n"
            "        repo2: 00000001000000000000000E, stored 2026-11-21 22:34:47+00 (3m ago), 4 "
            "behind\n"
            "        repo3: nothing, behind all\n");
  CHECK(info_text({stanza}, info_level::progress, false).find("wal archived") == std::string::npos);
  const auto shown = info_json({stanza}, info_level::full);
  CHECK(nlohmann::json::parse(shown)[0]["archive-lag"] == nlohmann::json::parse(R"([
      {"age": 90, "count": 0, "newest": "000000010000000000000012", "repo-key": 1, "size": 0,
       "stored": 1795300587, "wal": "000000010000000000000012"},
      {"age": 190, "count": 4, "newest": "000000010000000000000012", "repo-key": 2,
       "size": 67108864, "stored": 1795300487, "wal": "00000001000000000000000E"},
      {"age": null, "count": null, "newest": "000000010000000000000012", "repo-key": 3,
       "size": null, "stored": null, "wal": null}])"));
  CHECK(nlohmann::json::parse(shown).dump() == nlohmann::ordered_json::parse(shown).dump());
}

TEST_CASE("info: WAL that is kept for a repository stands below all else, and nowhere without it") {
  const utc zone;
  info_stanza stanza{.name = "demo", .repositories = {repository_with("20261121-223627F", 77)}};
  const auto before = info_text({stanza}, info_level::full, false);
  CHECK(info_json({stanza}, info_level::full).find("journal") == std::string::npos);
  stanza.journals.push_back(
      {.key = 2,
       .count = 12,
       .size_bytes = 12 << 20,
       .oldest = "000000010000000000000003",
       .newest = "00000001000000000000000E",
       .since_s = 1795300587,
       .aside = {"000000010000000000000001"},
       .gaps = {{"00000001000000000000000F", "000000010000000000000010", 1795300601}},
       .refused = {{1795300580, 1795300620, "nobody is there\x1b"}}});
  CHECK(info_text({stanza}, info_level::full, false) ==
        before + "\n"
                 "    wal kept on this host\n"
                 "        repo2: takes no wal since 2026-11-21 22:36:20+00, next try 2026-11-21 "
                 "22:37:00+00\n"
                 "        repo2: 12 file(s) wait, 12MB, since 2026-11-21 22:36:27+00: "
                 "000000010000000000000003/00000001000000000000000E\n"
                 "        repo2: gap since 2026-11-21 22:36:41+00: "
                 "00000001000000000000000F/000000010000000000000010\n"
                 "        repo2: left aside: 000000010000000000000001\n");
  const auto shown = info_json({stanza}, info_level::full);
  const auto journal = nlohmann::json::parse(shown)[0]["archive-journal"];
  CHECK(journal == nlohmann::json::parse(R"([{
      "aside": ["000000010000000000000001"], "count": 12,
      "gap": [{"since": 1795300601, "wal": {"start": "00000001000000000000000F",
                                            "stop": "000000010000000000000010"}}],
      "refused": {"message": "nobody is there\u001b", "next": 1795300620, "since": 1795300580},
      "repo-key": 2, "since": 1795300587, "size": 12582912,
      "wal": {"start": "000000010000000000000003", "stop": "00000001000000000000000E"}}])"));
  CHECK(shown.find("\x1b") == std::string::npos);
  // Members are in the order that readers since 2.39 rely on.
  CHECK(nlohmann::json::parse(shown).dump() == nlohmann::ordered_json::parse(shown).dump());
  CHECK(info_text({stanza}, info_level::progress, false).find("wal kept") == std::string::npos);
}
