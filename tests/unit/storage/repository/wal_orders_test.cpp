// Every order of steps in which several store one segment, and a death at each of them.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"
#include "engine/format/unfinished_wal.hpp"
#include "storage/repository/wal_contest.hpp"
#include "tests/unit/storage/turns.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

const std::string segment = "000000010000000000000001";
const std::string directory = "archive/demo/15-1/0000000100000000";

/// Rivals are waited for as long as it takes; no time passes.
const contest_limits patient{.pause = std::chrono::milliseconds(0),
                             .still = std::chrono::hours(1),
                             .whole = std::chrono::hours(2)};
/// Rivals count as left behind at once.
const contest_limits rude{.pause = std::chrono::milliseconds(0),
                          .still = std::chrono::milliseconds(0),
                          .whole = std::chrono::hours(2)};

enum class outcome : uint8_t { none, stored, found, refused, failed };

std::string checksum_of(char content) {
  return std::string(40, content);
}

/// The archive of one schedule, and what everybody heard.
struct archive {
  faulty_memory files;
  repository repo{files, {.key = 1, .stanza = "demo"}};
  std::vector<outcome> heard;
  bool two_contents = false;
  std::map<std::string, std::string> before_death = {};

  std::map<std::string, std::string> present() {
    std::map<std::string, std::string> out;
    const auto listed = files.list(directory);
    REQUIRE(listed);
    for (const auto& one : listed->value_or(std::vector<entry>()))
      out[one.name] = files.content(directory + "/" + one.name).value_or("");
    return out;
  }
  std::set<std::string> stored() {
    std::set<std::string> out;
    for (const auto& [name, content] : present())
      if (const auto entry = format::parse_wal_entry(name)) {
        out.insert(entry->checksum);
        // A name stands for its content from the first moment on.
        CHECK(content == std::string(6, entry->checksum[0]));
      }
    return out;
  }

  /// What archive-push does with one repository.
  outcome push(char content, const contest_limits& limits) {
    wal_contest place(repo, {"15-1", segment, checksum_of(content)}, limits);
    auto mine = place.enter();
    if (!mine)
      return mine.failure().code == errc::archive_duplicate ? outcome::refused : outcome::failed;
    if (!*mine)
      return outcome::found;
    auto done = place.writer().write(as_bytes(std::string(3, content)));
    if (done)
      done = place.writer().write(as_bytes(std::string(3, content)));
    if (done)
      done = io::commit(place.writer());
    if (done) {
      place.remove_leftovers();
      return outcome::stored;
    }
    const auto missing = place.look_again();
    if (!missing)
      return missing.failure().code == errc::archive_duplicate ? outcome::refused : outcome::failed;
    return *missing ? outcome::failed : outcome::found;
  }

  /// Runs pushers of these contents in one order.
  /// A blank stands for one who announces the lowest content and stores nothing.
  size_t race(const std::string& contents, const contest_limits& limits, const schedule& order) {
    heard.assign(contents.size(), outcome::none);
    turns all(files, order);
    all.looked = [&] { two_contents = two_contents || stored().size() > 1; };
    all.dies = [&] { before_death = present(); };
    all.died = [&] {
      const auto left = present();
      for (const auto& [name, content] : before_death)
        if (!left.contains(name))
          REQUIRE(write_all(files, directory + "/" + name, content,
                            {.how = publish::in_place, .sync = false}));
    };
    std::vector<turns::program> programs;
    for (size_t i = 0; i < contents.size(); ++i)
      programs.emplace_back([&, i] {
        if (contents[i] == ' ')
          static_cast<void>(wal_contest(repo, {"15-1", segment, checksum_of('0')}, limits).enter());
        else
          heard[i] = push(contents[i], limits);
      });
    return all.run(programs);
  }
  ptrdiff_t count(outcome what) const { return std::ranges::count(heard, what); }
};

/// Steps of one who stores alone: orders differ within so many of them for each.
size_t steps_alone() {
  archive at;
  return at.race("1", patient, {});
}

} // namespace

TEST_CASE("wal orders: of two contents exactly one is stored, whoever comes when") {
  size_t orders = 0;
  every_schedule(2, 2 * steps_alone(), 3, [&](const schedule& order) {
    archive at;
    at.race("12", patient, order);
    ++orders;
    CHECK_FALSE(at.two_contents);
    CHECK(at.count(outcome::stored) == 1);
    CHECK(at.count(outcome::refused) == 1);
    CHECK(at.stored() == std::set{checksum_of(at.heard[0] == outcome::stored ? '1' : '2')});
    CHECK(at.present().size() == 1); // nothing is left behind
  });
  CHECK(orders > 500);
}

TEST_CASE("wal orders: the same content is stored once, and nobody is refused") {
  every_schedule(2, 2 * steps_alone(), 3, [&](const schedule& order) {
    archive at;
    at.race("11", patient, order);
    CHECK(at.count(outcome::stored) >= 1);
    CHECK(at.count(outcome::stored) + at.count(outcome::found) == 2);
    CHECK(at.stored() == std::set{checksum_of('1')});
    CHECK(at.present().size() == 1);
  });
}

TEST_CASE("wal orders: of three, two of one mind, one content is stored") {
  every_schedule(3, 3 * steps_alone(), 2, [&](const schedule& order) {
    archive at;
    at.race("121", patient, order);
    CHECK_FALSE(at.two_contents);
    const auto stored = at.stored();
    REQUIRE(stored.size() == 1);
    const bool low = stored.contains(checksum_of('1'));
    CHECK(at.count(outcome::refused) == (low ? 1 : 2));
    CHECK(at.count(outcome::failed) == 0);
    CHECK(at.present().size() == 1);
  });
}

TEST_CASE("wal orders: who waited for one that gave up looks for others once more") {
  every_schedule(3, 10, 3, [&](const schedule& order) {
    archive at;
    at.race(" 23", patient, order);
    CHECK_FALSE(at.two_contents);
    CHECK(at.count(outcome::stored) == 1);
    CHECK(at.count(outcome::refused) == 1);
    CHECK(at.present().size() == 1);
  });
}

TEST_CASE("wal orders: who takes others for dead stores no second content") {
  every_schedule(2, 2 * steps_alone(), 3, [&](const schedule& order) {
    archive at;
    at.race("12", rude, order);
    CHECK_FALSE(at.two_contents);
    CHECK(at.stored().size() == static_cast<size_t>(at.count(outcome::stored)));
    CHECK(at.count(outcome::stored) <= 1);
  });
}

TEST_CASE("wal orders: a death at any step loses nothing and stands in nobody's way") {
  const auto alone = steps_alone();
  size_t deaths = 0;
  every_schedule(2, 2 * alone, 1, [&](schedule order) {
    for (size_t step = 0; step < alone; ++step)
      for (const size_t who : {size_t{0}, size_t{1}}) {
        order.killed = {who, step};
        archive at;
        at.race("12", rude, order);
        deaths += at.before_death.empty() ? 0 : 1;
        CHECK_FALSE(at.two_contents);
        const auto stored = at.stored();
        // Who lives and heard that it is stored finds it in the archive.
        if (at.heard[1 - who] == outcome::stored)
          CHECK(stored == std::set{checksum_of(who == 0 ? '2' : '1')});
        // PostgreSQL asks again: the content of the survivor, then whatever comes.
        const char again = who == 0 ? '2' : '1';
        const auto then = at.push(again, rude);
        if (stored.empty())
          CHECK(then == outcome::stored);
        else if (stored.contains(checksum_of(again)))
          CHECK(then == outcome::found);
        else
          CHECK(then == outcome::refused);
        CHECK(at.stored().size() == 1);
        CHECK(std::includes(at.stored().begin(), at.stored().end(), stored.begin(), stored.end()));
      }
  });
  CHECK(deaths > 100);
}
