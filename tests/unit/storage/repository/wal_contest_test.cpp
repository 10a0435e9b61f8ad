// Several who want to store one segment, on every driver.
// SPDX-License-Identifier: MIT
#include "engine/base/stop_signal.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/repository/wal_contest.hpp"
#include "tests/unit/actors/serve/remote_rig.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"
#include "tests/unit/storage/rigs.hpp"
#include "tests/unit/storage/sftp_rig.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

#define DRIVERS memory_rig, posix_rig, remote_rig, sftp_rig

namespace {

const std::string segment = "000000010000000000000001";
const std::string directory = "archive/demo/15-1/0000000100000000";
const std::string low(40, '1');
const std::string high(40, '2');
/// Nobody who is at work looks as if he had stopped.
const contest_limits patient{.pause = std::chrono::milliseconds(2),
                             .still = std::chrono::minutes(5),
                             .whole = std::chrono::minutes(10)};
/// Everybody else counts as left behind at once.
const contest_limits rude{.pause = std::chrono::milliseconds(1),
                          .still = std::chrono::milliseconds(0),
                          .whole = std::chrono::minutes(10)};

wal_file file_of(const std::string& checksum, compress_type type = compress_type::none) {
  return {.archive_id = "15-1", .segment = segment, .checksum = checksum, .compress = type};
}

std::string stored_path(const std::string& checksum) {
  return directory + "/" + segment + "-" + checksum;
}

result<void> store(wal_contest& place, std::string_view content) {
  if (auto put = place.writer().write(as_bytes(content)); !put)
    return put;
  return io::commit(place.writer());
}

void put(storage& files, const std::string& path) {
  REQUIRE(write_all(files, path, "half"));
}

template <class Rig> struct archive {
  Rig on;
  repository repo{on.repo, {.key = 1, .stanza = "demo"}};
};

} // namespace

TEST_CASE_TEMPLATE("wal contest: alone one stores at once", rig, DRIVERS) {
  archive<rig> at;
  wal_contest place(at.repo, file_of(low), patient);
  auto mine = place.enter();
  REQUIRE(mine);
  REQUIRE(*mine);
  REQUIRE(store(place, "wal"));
  place.remove_leftovers();
  CHECK(names_of(at.on.repo, directory) == std::vector<std::string>{segment + "-" + low});

  wal_contest again(at.repo, file_of(low, compress_type::gz), patient);
  auto missing = again.enter();
  REQUIRE(missing);
  CHECK_FALSE(*missing);
  REQUIRE(again.stored().size() == 1);
  CHECK(again.stored()[0].path == stored_path(low));

  wal_contest other(at.repo, file_of(high), patient);
  const auto refused = other.enter();
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().code == errc::archive_duplicate);
  other.leave();
  CHECK(names_of(at.on.repo, directory).size() == 1);
}

TEST_CASE_TEMPLATE("wal contest: the same content twice at the same time is fine", rig, DRIVERS) {
  archive<rig> at;
  wal_contest one(at.repo, file_of(low), patient);
  wal_contest other(at.repo, file_of(low), patient);
  REQUIRE(*one.enter());
  REQUIRE(*other.enter());
  REQUIRE(one.writer().write(as_bytes("w")));
  REQUIRE(store(other, "wal"));
  REQUIRE(one.writer().write(as_bytes("al")));
  REQUIRE(io::commit(one.writer()));
  CHECK(*read_all(at.on.repo, stored_path(low), 10) == "wal");
  CHECK(names_of(at.on.repo, directory).size() == 1);
}

TEST_CASE_TEMPLATE("wal contest: a twin that is cleared away finds what was stored", rig, DRIVERS) {
  archive<rig> at;
  wal_contest slow(at.repo, file_of(low), patient);
  REQUIRE(*slow.enter());
  REQUIRE(slow.writer().write(as_bytes("w")));
  wal_contest quick(at.repo, file_of(low), patient);
  REQUIRE(*quick.enter());
  REQUIRE(store(quick, "wal"));
  quick.remove_leftovers();
  REQUIRE(slow.writer().write(as_bytes("al")));
  CHECK_FALSE(io::commit(slow.writer()));
  const auto missing = slow.look_again();
  REQUIRE(missing);
  CHECK_FALSE(*missing);
  CHECK(slow.stored().size() == 1);
  CHECK(names_of(at.on.repo, directory).size() == 1);
}

TEST_CASE_TEMPLATE("wal contest: who has the right to store keeps it while he is at it", rig,
                   DRIVERS) {
  for (const bool low_is_first : {true, false}) {
    archive<rig> at;
    wal_contest before(at.repo, file_of(low_is_first ? low : high), patient);
    REQUIRE(*before.enter());
    REQUIRE(before.writer().write(as_bytes("x"))); // and it takes its time
    std::atomic<bool> ended = false;
    std::thread later([&] {
      wal_contest after(at.repo, file_of(low_is_first ? high : low), patient);
      const auto refused = after.enter();
      CHECK_FALSE(refused);
      CHECK((refused || refused.failure().code == errc::archive_duplicate));
      ended = true;
    });
    for (int look = 0; look < 20; ++look) { // whoever got the right keeps it
      CHECK_FALSE(ended);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CHECK(io::commit(before.writer()));
    later.join();
    CHECK(names_of(at.on.repo, directory).size() == 1);
  }
}

TEST_CASE_TEMPLATE("wal contest: of many contents exactly one is stored", rig, DRIVERS) {
  constexpr int pushers = 6;
  for (int round = 0; round < 5; ++round) {
    archive<rig> at;
    std::atomic<int> stored = 0;
    std::atomic<int> refused = 0;
    std::vector<std::thread> all;
    for (int number = 0; number < pushers; ++number)
      all.emplace_back([&, number] {
        wal_contest place(at.repo, file_of(std::string(40, static_cast<char>('a' + number))),
                          patient);
        const auto mine = place.enter();
        if (!mine)
          refused += mine.failure().code == errc::archive_duplicate;
        else if (*mine)
          stored += static_cast<bool>(store(place, std::to_string(number)));
      });
    for (auto& one : all)
      one.join();
    CHECK(stored == 1);
    CHECK(refused == pushers - 1);
    CHECK(names_of(at.on.repo, directory).size() == 1);
  }
}

TEST_CASE_TEMPLATE("wal contest: with everybody in a hurry no two are stored", rig, DRIVERS) {
  constexpr int pushers = 6;
  for (int round = 0; round < 5; ++round) {
    archive<rig> at;
    std::atomic<int> stored = 0;
    std::vector<std::thread> all;
    for (int number = 0; number < pushers; ++number)
      all.emplace_back([&, number] {
        wal_contest place(at.repo, file_of(std::string(40, static_cast<char>('a' + number))), rude);
        const auto mine = place.enter();
        if (mine && *mine)
          stored += static_cast<bool>(store(place, std::to_string(number)));
      });
    for (auto& one : all)
      one.join();
    CHECK(stored <= 1);
    CHECK(names_of(at.on.repo, directory).size() == static_cast<size_t>(stored));
  }
}

TEST_CASE_TEMPLATE("wal contest: what a killed one left does not stand in the way", rig, DRIVERS) {
  archive<rig> at;
  for (const auto& rest : {low + ".0123456789abcdef", high + ".gz.0123456789abcdef", high + ".gz"})
    put(at.on.repo, directory + "/" + segment + "-" + rest + ".pgbackrest.tmp");
  put(at.on.repo, directory + "/000000010000000000000002-" + low + ".pgbackrest.tmp");
  wal_contest place(at.repo, file_of(high), rude);
  auto mine = place.enter();
  REQUIRE(mine);
  REQUIRE(*mine);
  REQUIRE(store(place, "wal"));
  place.remove_leftovers();
  CHECK(names_of(at.on.repo, directory) ==
        std::vector<std::string>{segment + "-" + high,
                                 "000000010000000000000002-" + low + ".pgbackrest.tmp"});
}

TEST_CASE_TEMPLATE("wal contest: one who was only slow stores nothing any more", rig, DRIVERS) {
  for (const bool low_is_slow : {true, false}) {
    archive<rig> at;
    wal_contest slow(at.repo, file_of(low_is_slow ? low : high), rude);
    REQUIRE(*slow.enter());
    REQUIRE(slow.writer().write(as_bytes("slow")));
    wal_contest quick(at.repo, file_of(low_is_slow ? high : low), rude);
    auto mine = quick.enter();
    REQUIRE(mine);
    REQUIRE(*mine);
    SUBCASE("before the other one is stored") {
      CHECK_FALSE(io::commit(slow.writer()));
      REQUIRE(store(quick, "quick"));
    }
    SUBCASE("after that") {
      REQUIRE(store(quick, "quick"));
      CHECK_FALSE(io::commit(slow.writer()));
    }
    const auto found = slow.look_again();
    REQUIRE_FALSE(found);
    CHECK(found.failure().code == errc::archive_duplicate);
    CHECK(names_of(at.on.repo, directory).size() == 1);
  }
}

TEST_CASE("wal contest: waiting has an end, and ends at a signal") {
  const manual_clock clock;
  archive<memory_rig> at;
  wal_contest before(at.repo, file_of(low), patient);
  REQUIRE(*before.enter());
  auto limits = patient;
  limits.whole = std::chrono::minutes(4);
  const auto in_vain = wal_contest(at.repo, file_of(high), limits).enter();
  REQUIRE_FALSE(in_vain);
  CHECK(in_vain.failure().code == errc::archive_duplicate);

  const polled_signals polling;
  stop_signal = SIGTERM;
  const auto stopped = wal_contest(at.repo, file_of(high), patient).enter();
  stop_signal = 0;
  REQUIRE_FALSE(stopped);
  CHECK(stopped.failure().code == errc::term);
  before.leave();
  CHECK(names_of(at.on.repo, directory).empty());
}
