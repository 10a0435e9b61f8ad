// Which commands the front of the program does itself, and which it leaves to the full program.
// SPDX-License-Identifier: MIT
#include "cli/front/choice.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::cli;
using strings = std::vector<std::string>;

namespace {

constexpr unsigned some_user = 1000;
constexpr unsigned root = 0;
const std::string segment = "000000010000000000000007";

/// A configuration that archives asynchronously, and a call that suits it.
struct call {
  strings args = {"--stanza=demo", "archive-push", "/pg/pg_wal/" + segment};
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::string file = "[global]\narchive-async=y\n[demo]\npg1-path=/pg\n";

  bool is_for_front(unsigned user = some_user) const {
    const test::scratch here;
    const auto path = here.text() + "/pgbackrest.conf";
    std::ofstream(path) << file;
    config::inputs from{
        args, environment, "/usr/bin/pgbraid", {"/nowhere/own", "/nowhere", "/nowhere/old"}};
    from.args.insert(from.args.begin(), "--config=" + path);
    return options_for_front(from, user).has_value();
  }
};

call with_words(strings args) {
  return {.args = std::move(args)};
}

call with_file(const std::string& more) {
  call out;
  out.file += more;
  return out;
}

} // namespace

TEST_CASE("what PostgreSQL calls is for the front when WAL is archived asynchronously") {
  CHECK(call().is_for_front());
  CHECK(with_words({"--stanza=demo", "archive-get", segment, "/pg/pg_wal/RECOVERYXLOG"})
            .is_for_front());
  CHECK(with_words({"archive-push", "--stanza=demo", "pg_wal/" + segment}).is_for_front());
  CHECK(call{.environment = {{"PGBACKREST_COMPRESS_TYPE", "lz4"}}}.is_for_front());
}

TEST_CASE("without a spool there is nothing for the front to do") {
  call plain;
  plain.file = "[global]\n[demo]\npg1-path=/pg\n";
  CHECK_FALSE(plain.is_for_front());
  plain.environment = {{"PGBACKREST_ARCHIVE_ASYNC", "y"}};
  CHECK(plain.is_for_front());
  CHECK_FALSE(
      with_words({"--stanza=demo", "--no-archive-async", "archive-push", segment}).is_for_front());
}

TEST_CASE("other commands, roles and help are the full program's") {
  const strings stanza = {"--stanza=demo"};
  for (const strings& words :
       {strings{"--stanza=demo", "backup"},
        strings{"--stanza=demo", "archive-push:async", "/pg/pg_wal"},
        strings{"--stanza=demo", "archive-get:async", segment}, strings{"--stanza=demo", "info"},
        strings{"help", "archive-push"}, strings{"--stanza=demo", "archive-push", "--help"},
        strings{"version"}, strings{}}) {
    CAPTURE(words);
    CHECK_FALSE(with_words(words).is_for_front());
  }
}

TEST_CASE("history files are asked of the archive, not of the spool") {
  CHECK_FALSE(
      with_words({"--stanza=demo", "archive-get", "00000002.history", "/pg/x"}).is_for_front());
  CHECK(
      with_words({"--stanza=demo", "archive-push", "/pg/pg_wal/00000002.history"}).is_for_front());
}

TEST_CASE("whatever has to be refused is refused by the full program") {
  const std::string name = "/pg/pg_wal/" + segment;
  for (const strings& words :
       {strings{"--stanza=demo", "archive-push"},
        strings{"--stanza=demo", "archive-push", name, "x"},
        strings{"--stanza=demo", "archive-get", segment}, strings{"archive-push", name},
        strings{"--stanza=demo", "archive-pish", name},
        strings{"--stanza=demo", "--no-such", "archive-push", name},
        strings{"--stanza=demo", "--type=full", "archive-push", name},
        strings{"--stanza=demo", "--archive-timeout=never", "archive-push", name}}) {
    CAPTURE(words);
    CHECK_FALSE(with_words(words).is_for_front());
  }
  CHECK_FALSE(with_file("compress-type=rar\n").is_for_front());
  CHECK_FALSE(with_file("pg1-host=elsewhere\n").is_for_front());
  CHECK_FALSE(with_file("repo1-path=/r\nrepo2-path=/r\n").is_for_front());
  CHECK_FALSE(with_file("no equals sign\n").is_for_front());
}

TEST_CASE("whatever has to be warned of is said by the full program") {
  CHECK_FALSE(with_file("no-such-option=y\n").is_for_front());
  CHECK_FALSE(call{.environment = {{"PGBACKREST_NO_SUCH", "y"}}}.is_for_front());
}

TEST_CASE("root is refused by the full program, unless that is allowed") {
  CHECK_FALSE(call().is_for_front(root));
  CHECK(call{.environment = {{"PGBRAID_ALLOW_ROOT", "y"}}}.is_for_front(root));
}
