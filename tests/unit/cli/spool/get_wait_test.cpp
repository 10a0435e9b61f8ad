// archive-get through the spool, seen by the foreground.
// SPDX-License-Identifier: MIT
#include "cli/spool/get_wait.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/cli/spool/spool_rig.hpp"

#include <sys/stat.h>

using namespace pgbraid;
using namespace pgbraid::test;
namespace fs = std::filesystem;

namespace {

std::string segment(uint64_t number) {
  return "00000001000000000000000" + std::to_string(number);
}

struct get_rig : spool_rig {
  std::string destination = place / "got";
  bool missing_retry = true;
  std::optional<int64_t> booted_ns = {};

  result<int> get(uint64_t number) {
    return cli::wait_for_get({.of = settings(),
                              .wal = segment(number),
                              .destination = destination,
                              .queue_bytes = 4 << 20,
                              .missing_retry = missing_retry,
                              .booted_ns = booted_ns},
                             hands());
  }
  void fetched(uint64_t number) const { answer(segment(number), segment_text(number)); }
  /// The destination holds that segment, whole.
  bool delivered(uint64_t number) const {
    return test::get(destination) == segment_text(number) && !has(segment(number));
  }
};

} // namespace

TEST_CASE("get wait: a segment that is there is taken, and the queue stays full") {
  get_rig rig;
  for (uint64_t i = 1; i <= 4; ++i)
    rig.fetched(i);
  REQUIRE(rig.get(1));
  CHECK(rig.delivered(1));
  CHECK(rig.started.empty()); // More than half is left.
  REQUIRE(rig.get(2));
  CHECK(rig.delivered(2));
  CHECK(rig.started == std::vector<std::string>{segment(3)});
  CHECK(rig.clock.passed().count() == 0);
}

TEST_CASE("get wait: at the end of the archive nobody looks again for each segment") {
  get_rig rig;
  rig.fetched(1);
  rig.fetched(2);
  rig.answer(segment(3) + ".ok", "");
  REQUIRE(rig.get(1));
  CHECK(rig.started.empty());
  REQUIRE(rig.get(2));
  CHECK(rig.started == std::vector<std::string>{segment(3)});
}

TEST_CASE("get wait: a segment that is not there is asked for") {
  get_rig rig;
  rig.background = [&] { rig.fetched(1); };
  const auto done = rig.get(1);
  REQUIRE(done);
  CHECK(*done == 0);
  CHECK(rig.delivered(1));
  CHECK(rig.started.front() == segment(1));
}

TEST_CASE("get wait: not in the archive") {
  get_rig rig;
  rig.answer(segment(1) + ".ok", "");
  SUBCASE("may have come since") {
    rig.background = [&] {
      CHECK_FALSE(rig.has(segment(1) + ".ok"));
      rig.answer(segment(1) + ".ok", "");
    };
    const auto done = rig.get(1);
    REQUIRE(done);
    CHECK(*done == 1);
    CHECK(rig.started.size() == 1);
  }
  SUBCASE("is believed with archive-missing-retry=n") {
    rig.missing_retry = false;
    const auto done = rig.get(1);
    REQUIRE(done);
    CHECK(*done == 1);
    CHECK(rig.started.empty());
  }
  CHECK_FALSE(fs::exists(rig.destination));
}

TEST_CASE("get wait: what the background process could not do is done here") {
  get_rig rig;
  SUBCASE("one segment") {
    rig.background = [&] { rig.answer(segment(1) + ".error", "42\nunable to get"); };
  }
  SUBCASE("all") {
    rig.background = [&] { rig.answer("global.error", "103\nno repository"); };
  }
  SUBCASE("killed") {}
  const auto done = rig.get(1);
  REQUIRE(done);
  CHECK(*done == 7);
  CHECK(rig.started.size() == 1);
  CHECK(rig.clock.passed() < std::chrono::seconds(2));
}

TEST_CASE("get wait: errors of another time are forgotten") {
  get_rig rig;
  rig.answer(segment(1) + ".error", "42\nof another time");
  rig.answer("global.error", "103\nof another time");
  rig.background = [&] {
    CHECK_FALSE(rig.has(segment(1) + ".error"));
    CHECK_FALSE(rig.has("global.error"));
    rig.fetched(1);
  };
  REQUIRE(rig.get(1));
  CHECK(rig.delivered(1));
}

TEST_CASE("get wait: another process holds the locks") {
  get_rig rig;
  auto other = io::lock_set::acquire(rig.locks("2-00000002"));
  REQUIRE(other);
  SUBCASE("for something else") {
    const auto done = rig.get(1);
    REQUIRE(done);
    CHECK(*done == 7);
    CHECK(rig.clock.passed() < std::chrono::seconds(1));
  }
  SUBCASE("and fetches it") {
    rig.answer(segment(1) + ".pgbackrest.tmp", "a part");
    rig.meanwhile = [&] {
      if (rig.clock.passed() > std::chrono::seconds(3))
        rig.fetched(1);
    };
    REQUIRE(rig.get(1));
    CHECK(rig.delivered(1));
  }
  CHECK(rig.started.empty());
}

TEST_CASE("get wait: no answer in time from a process that lives") {
  get_rig rig;
  std::optional<io::lock_set> held;
  rig.background = [&] {
    auto taken = io::lock_set::acquire(rig.locks());
    REQUIRE(taken);
    held = std::move(*taken);
  };
  const auto done = rig.get(1);
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::archive_timeout);
  CHECK(done.failure().message == "unable to get WAL file '" + segment(1) +
                                      "' from the archive asynchronously after 1m second(s)");
}

TEST_CASE("get wait: what cannot be the segment is fetched again, and at last done here") {
  get_rig rig;
  std::string bad;
  SUBCASE("another one by its header") {
    bad = segment_text(2);
  }
  SUBCASE("cut off") {
    bad = segment_text(1).substr(0, 1 << 19);
  }
  SUBCASE("longer than its header says") {
    bad = segment_text(1) + segment_text(1);
  }
  SUBCASE("empty") {}
  hostile("WAL segments");
  rig.answer(segment(1), bad);
  SUBCASE("then right") {
    rig.background = [&] { rig.fetched(1); };
    REQUIRE(rig.get(1));
    CHECK(rig.delivered(1));
  }
  SUBCASE("then wrong again") {
    rig.background = [&] { rig.answer(segment(1), bad); };
    const auto done = rig.get(1);
    REQUIRE(done);
    CHECK(*done == 7);
    CHECK_FALSE(fs::exists(rig.destination));
  }
}

TEST_CASE("get wait: WAL that PostgreSQL has encrypted has a header of its own") {
  get_rig rig;
  const std::string other(1 << 20, 'e');
  rig.answer(segment(1), other);
  REQUIRE(rig.get(1));
  CHECK(test::get(rig.destination) == other);
}

TEST_CASE("get wait: what was fetched before the system was started may be in part on disk") {
  get_rig rig;
  rig.fetched(1);
  struct stat about = {};
  REQUIRE(::stat((rig.spool + "/" + segment(1)).c_str(), &about) == 0);
  const int64_t written_ns = about.st_ctim.tv_sec * int64_t{1'000'000'000} + about.st_ctim.tv_nsec;
  rig.booted_ns = written_ns + 1;
  rig.background = [&] { rig.answer(segment(1) + ".ok", ""); };
  const auto done = rig.get(1);
  REQUIRE(done);
  CHECK(*done == 1);
  CHECK(rig.started.size() == 1);
}

TEST_CASE("get wait: names behind which nothing comes") {
  get_rig rig;
  rig.background = [&] { rig.answer("FFFFFFFFFFFFFFFFFFFFFFFF.ok", ""); };
  const auto done = cli::wait_for_get({.of = rig.settings(),
                                       .wal = "FFFFFFFFFFFFFFFFFFFFFFFF",
                                       .destination = rig.destination,
                                       .queue_bytes = 4 << 20},
                                      rig.hands());
  REQUIRE(done);
  CHECK(*done == 1);
}
