// What a background push does.
// SPDX-License-Identifier: MIT
#include "engine/plan/spool_push.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;
using names = std::vector<std::string>;

namespace {

/// Some of those numbers, each once.
std::set<int> some(const rc::Gen<int>& of) {
  const auto all = *rc::gen::container<std::vector<int>>(of);
  return {all.begin(), all.end()};
}

} // namespace

TEST_CASE("spool push: a name that is waited for") {
  CHECK(waiting_wal("000000010000000000000001.ready") == "000000010000000000000001");
  CHECK(waiting_wal("000000010000000000000001.partial.ready") ==
        "000000010000000000000001.partial");
  CHECK(waiting_wal("00000002.history.ready") == "00000002.history");
  CHECK(waiting_wal("000000010000000000000004.00000028.backup.ready") ==
        "000000010000000000000004.00000028.backup");
  for (const auto* other : {"000000010000000000000001.done", "000000010000000000000001", ".ready",
                            "x.ready", "../000000010000000000000001.ready", ""})
    CHECK(waiting_wal(other).empty());
}

TEST_CASE("spool push: history files first, then the oldest") {
  const names waiting{"000000020000000000000004.ready",
                      "000000010000000000000003.ready",
                      "00000002.history.ready",
                      "000000010000000000000002.done",
                      "000000010000000000000003.00000028.backup.ready",
                      "000000010000000000000004.partial.ready"};
  CHECK(plan_push(waiting, {}).due == names{"00000002.history", "000000010000000000000003",
                                            "000000010000000000000003.00000028.backup",
                                            "000000010000000000000004.partial",
                                            "000000020000000000000004"});
}

TEST_CASE("spool push: what was answered is not done again, what nobody asks about goes") {
  const names waiting{"000000010000000000000001.ready", "000000010000000000000002.ready",
                      "000000010000000000000003.ready"};
  const std::vector<spooled_answer> answers{{"000000010000000000000000.ok"},
                                            {"000000010000000000000001.ok"},
                                            {"000000010000000000000002.ok", true},
                                            {"000000010000000000000003.error"},
                                            {"global.error"},
                                            {"000000010000000000000003.ok.pgbackrest.tmp"}};
  const auto made = plan_push(waiting, answers);
  CHECK(made.due == names{"000000010000000000000002", "000000010000000000000003"});
  CHECK(made.remove == names{"000000010000000000000000.ok", "000000010000000000000002.ok",
                             "000000010000000000000003.error", "global.error",
                             "000000010000000000000003.ok.pgbackrest.tmp"});
}

TEST_CASE("spool push: every file that waits is due or answered, and no answer stays without one") {
  const auto number = test::between(0, 5);
  test::for_all([=] {
    names status;
    std::set<std::string> waiting;
    for (const auto one : some(number)) {
      const auto name = "0000000100000000" + test::hex_digits(static_cast<uint64_t>(one), 8);
      waiting.insert(name);
      status.push_back(name + ".ready");
    }
    std::vector<spooled_answer> answers;
    for (const auto one : some(number))
      answers.push_back({"0000000100000000" + test::hex_digits(static_cast<uint64_t>(one), 8) +
                             *rc::gen::element<std::string>(".ok", ".error"),
                         *rc::gen::arbitrary<bool>()});
    const auto made = plan_push(status, answers);
    RC_ASSERT(std::ranges::is_sorted(made.due));
    for (const auto& answer : answers) {
      const auto wal = answer.name.substr(0, 24);
      const bool stays = std::ranges::count(made.remove, answer.name) == 0;
      RC_ASSERT(stays ==
                (answer.name.ends_with(".ok") && !answer.outdated && waiting.contains(wal)));
      if (stays)
        waiting.erase(wal);
    }
    RC_ASSERT(made.due == names(waiting.begin(), waiting.end()));
  });
}

TEST_CASE("spool push: a batch has one file at least, and no more than it may") {
  CHECK(batch_files(10, 1 << 20, 16 << 20) == 1);
  CHECK(batch_files(10, 48 << 20, 16 << 20) == 3);
  CHECK(batch_files(10, UINT64_MAX, 1) == 10);
  CHECK(batch_files(10, 1 << 20, 0) == 10);
  CHECK(batch_files(0, 1 << 20, 1 << 20) == 0);
}

TEST_CASE("spool push: workers follow the backlog up to process-max, within memory") {
  CHECK(batch_workers(1, 8, 16 << 20) == 1);
  CHECK(batch_workers(5, 8, 16 << 20) == 5);
  CHECK(batch_workers(500, 8, 16 << 20) == 8);
  CHECK(batch_workers(500, 999, 16 << 20) == 32);
  CHECK(batch_workers(500, 999, uint64_t{1} << 30) == 1);
  CHECK(batch_workers(0, 8, 0) == 1);
}
