// Every order of steps in which two want one backup directory, and a death at each of them.
// SPDX-License-Identifier: MIT
#include "storage/repository/backup_claim.hpp"
#include "storage/repository/repository.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"
#include "tests/unit/storage/turns.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

const std::string label = "20261121-231250F";
const std::string copy_path = "backup/demo/" + label + "/backup.manifest.copy";
const secret no_pass;

/// A manifest that tells whose it is: both have the same size.
format::manifest manifest_of(size_t who) {
  auto of = small_manifest(label);
  of.system_id = 70 + who;
  return of;
}

/// One stanza, two hosts that begin a backup in the same second.
struct stanza {
  faulty_memory files;
  repository repo{files, {.key = 1, .stanza = "demo"}};
  std::array<result<void>, 2> heard = {success(), success()};
  std::array<bool, 2> ended = {};
  std::array<bool, 2> had_it = {};
  bool torn = false;
  std::optional<std::string> seen = {};

  /// Takes the directory, works on it for a while and goes on, or gives it up.
  void back_up(size_t who, bool gives_up) {
    auto claim =
        backup_claim::take(repo, manifest_of(who), no_pass, std::to_string(who) + "-0a1b2c3d");
    if (!claim) {
      heard[who] = claim.failure();
    } else {
      had_it[who] = true;
      for (int times = 0; times < 2 && heard[who]; ++times)
        heard[who] = times == 0 ? (*claim)->renew() : (*claim)->save(manifest_of(who), no_pass);
      if (heard[who])
        heard[who] = gives_up ? (*claim)->give_up() : (*claim)->close();
    }
    ended[who] = true;
  }

  /// A directory of the label is never without its copy, and that reads as a whole.
  void look() {
    const auto there = repo.look_at_backup(label);
    const auto directory = files.info("backup/demo/" + label);
    REQUIRE(there);
    REQUIRE(directory);
    const auto now = files.content(copy_path);
    if (*directory)
      torn = torn || !there->has_copy || (now != seen && !repo.load_manifest_copy(label, no_pass));
    seen = now;
  }
  std::optional<size_t> owner() {
    const auto read = repo.load_manifest_copy(label, no_pass);
    return read ? std::optional<size_t>(read->system_id - 70) : std::nullopt;
  }

  size_t race(const schedule& order, bool gives_up) {
    turns all(files, order);
    all.looked = [&] { look(); };
    return all.run({[&] { back_up(0, gives_up); }, [&] { back_up(1, false); }});
  }
};

size_t steps_alone() {
  stanza at;
  turns all(at.files, {});
  return all.run({[&] { at.back_up(0, false); }});
}

} // namespace

TEST_CASE("claim orders: of two exactly one has the directory to the end") {
  size_t second_first = 0;
  every_schedule(2, 2 * steps_alone(), 2, [&](const schedule& order) {
    stanza at;
    at.race(order, false);
    REQUIRE(at.ended == std::array{true, true});
    CHECK_FALSE(at.torn);
    const size_t winner = at.heard[0] ? 0 : 1;
    second_first += winner;
    CHECK(at.heard[winner]);
    REQUIRE_FALSE(at.heard[1 - winner]);
    CHECK(at.heard[1 - winner].failure().code == errc::file_exists);
    CHECK_FALSE(at.had_it[1 - winner]);
    CHECK(at.owner() == winner);
    CHECK(at.repo.list_backups()->size() == 1);
    CHECK(at.files.list("backup/demo")->value().size() == 1);
  });
  CHECK(second_first > 10); // both can win
}

TEST_CASE("claim orders: what one gives up is gone or the other's, never both's") {
  every_schedule(2, 2 * steps_alone(), 2, [&](const schedule& order) {
    stanza at;
    at.race(order, true);
    CHECK_FALSE(at.torn);
    if (at.had_it[1]) {
      CHECK(at.heard[1]);
      CHECK(at.owner() == 1);
    } else {
      CHECK(at.heard[0]);
      CHECK_FALSE(at.owner());
      CHECK(at.files.list("backup/demo")->value_or(std::vector<entry>()).empty());
    }
  });
}

TEST_CASE("claim orders: a death at any step leaves a claim that can be seen and swept") {
  const auto alone = steps_alone();
  for (size_t step = 0; step < alone; ++step) {
    CAPTURE(step);
    stanza at;
    at.race({.first = 0, .killed = schedule::death{0, step}}, false);
    CHECK_FALSE(at.torn);
    // Either the first one has left a directory that the second one respects, or nothing that
    // would keep the second one from it.
    CHECK(static_cast<bool>(at.heard[1]) == (at.owner() == 1));
    if (!at.heard[1]) {
      CHECK(at.heard[1].failure().code == errc::file_exists);
      CHECK(at.owner() == 0);
    }
    REQUIRE(at.repo.remove_backup(label));
    stanza& later = at;
    later.heard[1] = success();
    later.back_up(1, false);
    CHECK(later.heard[1]);
    CHECK(later.owner() == 1);
  }
}
