// A session with a server that says anything: what is understood, what is refused, and how.
// Rules: cli/command/README.md, section 5.2; engine/pg/pg_client.hpp, pg_limits.hpp.
// SPDX-License-Identifier: MIT
#include "engine/pg/libpq_session.hpp"
#include "engine/pg/pg_archiver.hpp"
#include "engine/pg/pg_limits.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/pg/scripted_server.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::pg;
using namespace pgbraid::test;

namespace {

pg_client connected(scripted_server& to) {
  auto made = to.connect();
  REQUIRE_MESSAGE(made, (made ? "" : made.failure().text()));
  return std::move(*made);
}

/// One thing that a session can be asked, and the columns of its answer.
struct call {
  std::string sql;
  size_t columns;
  std::function<std::optional<error>(pg::pg_client&)> run;
};

template <class T> std::optional<error> failure_of(const result<T>& what) {
  return what ? std::nullopt : std::optional(what.failure());
}

std::vector<call> calls() {
  constexpr uint32_t version = 150004;
  return {
      {std::string(pg::sql::in_recovery()), 1,
       [](auto& on) { return failure_of(on.is_in_recovery()); }},
      {std::string(sql::clock()), 1, [](auto& on) { return failure_of(on.clock_ms()); }},
      {sql::current_segment(version), 1, [](auto& on) { return failure_of(on.current_segment()); }},
      {sql::start_backup(version), 2, [](auto& on) { return failure_of(on.start_backup(true)); }},
      {sql::stop_backup(version), 4, [](auto& on) { return failure_of(on.stop_backup()); }},
      {std::string(sql::restore_point()), 1,
       [](auto& on) { return failure_of(on.create_restore_point("here")); }},
      {sql::switch_segment(version), 1, [](auto& on) { return failure_of(on.switch_segment()); }},
      {sql::replay_location(version), 1,
       [](auto& on) { return failure_of(on.replay_location()); }}};
}

} // namespace

TEST_CASE("pg session: what it learns at its beginning") {
  scripted_server server;
  server.set(sql::in_recovery(), {1, {{"t"}}});
  const auto client = connected(server);
  CHECK(client.server().version_num == 150004);
  CHECK(client.server().major_version() == 150000);
  CHECK(client.server().data_directory == "/pg/15");
  CHECK(client.server().archive_mode == "on");
  CHECK(client.server().archive_command == "pgbraid push %p");
  CHECK(client.server().archive_library == "pgbraid_archive");
  CHECK(client.server().archive_module_stanza == "demo");
  CHECK(client.server().archive_module_config == "/etc/x.toml");
  CHECK(client.server().checkpoint_timeout == std::chrono::seconds(300));
  CHECK(client.server().wal_segment_bytes == 16777216);
  CHECK(client.server().in_recovery);
}

TEST_CASE("pg session: limits are turned off before anything else, then the search path is ours") {
  for (const uint32_t version : {90624U, 130001U, 140003U, 170002U}) {
    CAPTURE(version);
    scripted_server server;
    server.version = version;
    const auto client = connected(server);
    const auto all = server.asked();
    const auto at = [&](std::string_view sql) {
      return std::ranges::find(all, sql, &pg_question::sql) - all.begin();
    };
    const auto count = static_cast<std::ptrdiff_t>(all.size());
    const auto path = at("set search_path = 'pg_catalog'");
    REQUIRE(path < count);
    for (const auto limit : pg::first_limits_off())
      CHECK(at(limit) < path);
    // The first query that names something comes after the search path.
    CHECK(path < at(sql::server_settings()));
    const auto known = pg::later_limits_off(version);
    for (const auto limit : known)
      CHECK(at(limit) < count);
    for (const auto limit : later_limits_off(999999))
      if (std::ranges::count(known, limit) == 0)
        CHECK(at(limit) == count); // an older server does not know it
    const auto named = all.begin() + at("select set_config($1, $2, false)");
    REQUIRE(named != all.end());
    CHECK(named->values == std::vector<std::string>{"application_name", "pgbraid [test]"});
  }
}

TEST_CASE("pg session: settings that cannot be read or believed end it at once") {
  const std::vector<cell> good = {"150004", "/pg/15", "on", "x", "300", "16777216", "y", "z", ""};
  for (size_t column = 0; column < good.size(); ++column)
    for (const cell& bad : {cell(), cell(""), cell("x"), cell("1x"), cell("-1"), cell(" 1")}) {
      const bool number = column == 0 || column == 4 || column == 5;
      const bool wrong = !bad || (number && !(column == 4 && bad == "-1"));
      CAPTURE(column);
      scripted_server server;
      auto row = good;
      row[column] = bad;
      server.set(sql::server_settings(), {9, {row}});
      hostile("requests and answers between hosts", wrong ? 1 : 0);
      const auto made = server.connect();
      REQUIRE(static_cast<bool>(made) == !wrong);
      if (made)
        continue;
      CHECK(made.failure().code == errc::db_query);
      if (!bad) // a setting that the user may not see
        CHECK(made.failure().hint.find("pg_read_all_settings") != std::string::npos);
    }
}

TEST_CASE("pg session: each answer must have its one row and its columns") {
  scripted_server server;
  auto client = connected(server);
  for (const auto& one : calls()) {
    CAPTURE(one.sql);
    const std::vector<cell> row(one.columns, cell("0/1"));
    auto longer = row;
    longer.emplace_back("1");
    const std::vector<pg_answer> bad = {
        {one.columns, {}}, {one.columns, {row, row}}, {one.columns + 1, {longer}}, {0, {}}};
    for (const auto& answer : bad) {
      server.set(one.sql, answer);
      hostile("requests and answers between hosts");
      const auto failed = one.run(client);
      REQUIRE(failed);
      CHECK(failed->code == errc::db_query);
      CHECK(failed->message.find(one.sql) != std::string::npos);
    }
  }
}

TEST_CASE("pg session: what the server refuses is told with its words, and its cause with a hint") {
  scripted_server server;
  auto client = connected(server);
  for (const auto& one : calls())
    for (const std::string state : {"42501", "57014", "25P03", "XX000"}) {
      CAPTURE(state);
      server.set(one.sql, {.failure = std::pair(state, std::string("the server's reason"))});
      const auto failed = one.run(client);
      REQUIRE(failed);
      CHECK(failed->code == errc::db_query);
      CHECK(failed->message.starts_with("unable to execute query '" + one.sql + "': "));
      CHECK(failed->message.find("the server's reason") != std::string::npos);
      CHECK(failed->hint == pg::limit_hint(state));
    }
  // And the session goes on.
  server.set(sql::clock(), {1, {{"1795302770123"}}});
  CHECK(*client.clock_ms() == 1795302770123);
  CHECK_FALSE(client.is_broken());
}

TEST_CASE("pg session: locations are two hexadecimal numbers and a slash") {
  scripted_server server;
  auto client = connected(server);
  const auto sql = sql::replay_location(150004);
  struct row {
    cell text;
    std::optional<uint64_t> value; ///< none: refused
  };
  for (const auto& [text, value] : {row{"0/0", 0},
                                    row{"0/3000060", 0x3000060},
                                    row{"16/B374D848", 0x16B374D848},
                                    row{"FFFFFFFF/FFFFFFFF", 0xFFFFFFFFFFFFFFFF},
                                    row{"ffffffff/1", 0xFFFFFFFF00000001},
                                    row{"", {}},
                                    row{"/", {}},
                                    row{"0", {}},
                                    row{"0/", {}},
                                    row{"/0", {}},
                                    row{"0/G", {}},
                                    row{"0/0 ", {}},
                                    row{" 0/0", {}},
                                    row{"-1/0", {}},
                                    row{"0/-1", {}},
                                    row{"100000000/0", {}},
                                    row{"0/100000000", {}},
                                    row{"0x0/0", {}},
                                    row{"0/0/0", {}},
                                    row{"0\\0", {}}}) {
    CAPTURE(text.value_or("null"));
    server.set(sql, {1, {{text}}});
    const auto got = client.replay_location();
    hostile("requests and answers between hosts", value ? 0 : 1);
    REQUIRE(static_cast<bool>(got) == value.has_value());
    if (got)
      CHECK(**got == *value);
    else
      CHECK(got.failure().code == errc::db_query);
  }
  server.set(sql, {1, {{cell()}}}); // nothing was replayed so far
  CHECK_FALSE(*client.replay_location());
}

TEST_CASE("pg session: a backup begins and ends with what the server says") {
  scripted_server server;
  auto client = connected(server);
  const std::string label = "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n";
  server.set(sql::start_backup(150004), {2, {{"0/2000028", "000000010000000000000002"}}});
  server.set(sql::stop_backup(150004),
             {4, {{"0/2000138", "000000010000000000000002", label, "16384 /space\n"}}});
  for (const bool fast : {true, false}) {
    const auto start = client.start_backup(fast);
    REQUIRE(start);
    CHECK(start->lsn == 0x2000028);
    CHECK(start->segment == "000000010000000000000002");
    CHECK(server.asked().back().values == std::vector<std::string>{fast ? "true" : "false"});
  }
  const auto stop = client.stop_backup();
  REQUIRE(stop);
  CHECK(stop->lsn == 0x2000138);
  CHECK(stop->backup_label == label);
  CHECK(stop->tablespace_map == "16384 /space\n");
  server.set(sql::start_backup(150004), {2, {{"nowhere", "x"}}});
  server.set(sql::stop_backup(150004), {4, {{cell(), "x", label, ""}}});
  hostile("requests and answers between hosts", 2);
  CHECK_FALSE(client.start_backup(true));
  CHECK_FALSE(client.stop_backup());
  CHECK_FALSE(client.create_restore_point("it's \"here\"")); // it is not answered with a row
  CHECK(server.asked().back().values == std::vector<std::string>{"it's \"here\""});
}

TEST_CASE("pg session: databases and tablespaces have numbers that fit") {
  scripted_server server;
  auto client = connected(server);
  server.set(sql::databases(), {3,
                                {{"postgres", "5", "1663"},
                                 {"\xc3\xa4 \"x\"\n", "4294967295", "16390"},
                                 {cell(), "1", "0"}}});
  const auto all = client.databases();
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK((*all)[1].name == "\xc3\xa4 \"x\"\n");
  CHECK((*all)[1].oid == 4294967295U);
  CHECK((*all)[1].tablespace == 16390);
  CHECK((*all)[2].name.empty());
  server.set(sql::tablespaces(), {2, {{"16384", "ts1"}}});
  CHECK(client.tablespaces()->front().name == "ts1");
  server.set(sql::tablespaces(), {2, {}});
  CHECK(client.tablespaces()->empty());
  for (const cell& bad : {cell("4294967296"), cell("-1"), cell("x"), cell(""), cell()}) {
    hostile("requests and answers between hosts", 3);
    server.set(sql::databases(), {3, {{"a", "1", "1"}, {"b", bad, "1"}}});
    CHECK_FALSE(client.databases());
    server.set(sql::databases(), {3, {{"a", "1", bad}}});
    CHECK_FALSE(client.databases());
    server.set(sql::tablespaces(), {2, {{bad, "a"}}});
    CHECK_FALSE(client.tablespaces());
  }
}

TEST_CASE("pg session: a server that changed its role is noticed") {
  for (const bool standby : {false, true}) {
    scripted_server server;
    const auto sql = std::string(sql::in_recovery());
    server.set(sql, {1, {{standby ? "t" : "f"}}});
    auto client = connected(server);
    CHECK(client.ping());
    server.set(sql, {1, {{standby ? "f" : "t"}}});
    const auto changed = client.ping();
    REQUIRE_FALSE(changed);
    CHECK(changed.failure().code == errc::db_mismatch);
    CHECK(changed.failure().message ==
          (standby ? "standby is no longer in recovery" : "primary has switched to recovery"));
  }
}

TEST_CASE("pg session: a server that ends the session says why, once and for all") {
  scripted_server server;
  auto client = connected(server);
  server.set(sql::clock(), {.failure = std::pair(
                                std::string("57P01"),
                                std::string("terminating connection due to administrator command")),
                            .severity = "FATAL",
                            .goes_away = true});
  const auto ended = client.clock_ms();
  REQUIRE_FALSE(ended);
  CHECK(ended.failure().code == errc::db_query);
  CHECK(ended.failure().message.find("terminating connection due to administrator command") !=
        std::string::npos);
  CHECK(ended.failure().hint == pg::limit_hint("57P01"));
  CHECK(client.is_broken());
  CHECK_FALSE(client.clock_ms());
}

TEST_CASE("pg session: what is no answer ends the query, not the program") {
  const std::vector<std::string> bad = {
      std::string("G\0\0\0\x07\0\0\0", 8),        // a COPY begins, towards the server
      std::string("H\0\0\0\x07\0\0\0", 8),        // and from it
      std::string("D\0\0\0\x06\0\5", 7),          // a row without a description
      std::string("\xff\xff\xff\xff\xff\xff", 6), // nothing at all
      std::string("T\0\0\0\x06\xff\xff", 7),      // more columns than can be
      "HTTP/1.1 400 Bad Request\r\n\r\n"};
  for (const auto& raw : bad) {
    scripted_server server;
    auto client = connected(server);
    server.set(sql::clock(), {.raw = raw + std::string("Z\0\0\0\5I", 6)});
    hostile("output that is no protocol");
    const auto got = client.clock_ms();
    REQUIRE_FALSE(got);
    CHECK(got.failure().code == errc::db_query);
    CHECK(got.failure().message.find("timed out") == std::string::npos); // it is seen at once
  }
}

TEST_CASE("pg session: the archiver's numbers, from a session of our own only") {
  scripted_server server;
  server.set_settings();
  auto opened = connect_libpq(server.address(), std::chrono::seconds(60), "x", nullptr);
  REQUIRE(opened);
  server.set(sql::archiver(), {5, {{"12", "3", "000000010000000000000009", "yesterday", "t"}}});
  const auto got = ask_archiver(**opened);
  REQUIRE(got);
  CHECK(got->archived == 12);
  CHECK(got->failed == 3);
  CHECK(got->last_failed_segment == "000000010000000000000009");
  CHECK(got->last_failed_at == "yesterday");
  CHECK(got->failing);
  server.set(sql::archiver(), {5, {{"0", "0", cell(), cell(), cell()}}}); // nothing failed so far
  CHECK_FALSE(ask_archiver(**opened)->failing);
  for (size_t column = 0; column < 2; ++column)
    for (const cell& bad : {cell("x"), cell("-1"), cell()}) {
      std::vector<cell> row = {"1", "1", "", "", "f"};
      row[column] = bad;
      server.set(sql::archiver(), {5, {row}});
      hostile("requests and answers between hosts");
      CHECK_FALSE(ask_archiver(**opened));
    }
}
