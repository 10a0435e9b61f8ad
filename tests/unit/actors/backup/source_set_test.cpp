// Who reads what of a backup, as hosts come, deliver and are lost; against a model.
// Rules: cli/command/README.md, section 5.3.
// SPDX-License-Identifier: MIT
#include "actors/backup/source_set.hpp"
#include "tests/unit/property.hpp"
#include "tests/unit/quiet.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

/// A primary and standbys, all of this host: nothing is read.
std::vector<backup_source> hosts(size_t standbys) {
  static const format::manifest none;
  static const auto files = cluster_files::open(none, {});
  std::vector<backup_source> out = {{.name = "pg1", .local = &*files}};
  for (size_t i = 0; i < standbys; ++i)
    out.push_back({.name = "pg" + std::to_string(i + 2), .standby = true, .local = &*files});
  return out;
}

struct model {
  size_t standbys;
  bool fall_back;
  source_set set;
  std::set<size_t> lost = {};
  std::optional<errc> last_standby = {};
  std::map<size_t, source_set::total> delivered = {};
  std::vector<source_lease> leases = {};

  model(size_t count, bool may_fall_back)
      : standbys(count), fall_back(may_fall_back), set(hosts(count), {}, may_fall_back) {}

  bool any_standby() const {
    for (size_t i = 1; i <= standbys; ++i)
      if (!lost.contains(i))
        return true;
    return false;
  }

  void choose(bool for_standby, uint64_t bytes) {
    auto got = set.choose(for_standby, bytes);
    const bool to_standby = for_standby && any_standby();
    const bool to_primary =
        !lost.contains(0) && (!for_standby || standbys == 0 || (!any_standby() && fall_back));
    RC_ASSERT(static_cast<bool>(got) == (to_standby || to_primary));
    if (!got)
      return;
    RC_ASSERT(!lost.contains(got->source()));
    RC_ASSERT((got->source() != 0) == to_standby);
    leases.push_back(std::move(*got));
  }
  void deliver(size_t which, uint64_t bytes) {
    if (leases.empty())
      return;
    auto& one = leases[which % leases.size()];
    one.delivered(bytes);
    auto& total = delivered[one.source()];
    total.files += 1;
    total.bytes += bytes;
  }
  void end(size_t which) {
    if (!leases.empty())
      leases.erase(leases.begin() + static_cast<std::ptrdiff_t>(which % leases.size()));
  }
  void drop(size_t which) {
    const size_t source = which % (standbys + 1);
    set.drop(source, {errc::host_connect, "gone: pg" + std::to_string(source + 1)});
    lost.insert(source);
    RC_ASSERT(set.is_dropped(source));
  }
};

} // namespace

TEST_CASE_FIXTURE(quiet,
                  "source set: files come from whom they may, never from one that was lost") {
  for_all(
      [] {
        model all(*rc::gen::inRange<size_t>(0, 4), *rc::gen::arbitrary<bool>());
        for (int steps = *rc::gen::inRange(0, 60); steps > 0; --steps)
          switch (*rc::gen::inRange(0, 10)) {
          case 0:
            all.drop(*rc::gen::inRange<size_t>(0, 10));
            break;
          case 1:
          case 2:
            all.end(*rc::gen::inRange<size_t>(0, 100));
            break;
          case 3:
          case 4:
          case 5:
            all.deliver(*rc::gen::inRange<size_t>(0, 100), *rc::gen::inRange<uint64_t>(0, 100'000));
            break;
          default:
            all.choose(*rc::gen::arbitrary<bool>(), *rc::gen::inRange<uint64_t>(0, 100'000));
          }
        all.leases.clear(); // what is under way counts when it ends
        for (size_t source = 0; source <= all.standbys; ++source) {
          RC_ASSERT(all.set.is_dropped(source) == all.lost.contains(source));
          RC_ASSERT(all.set.done(source).files == all.delivered[source].files);
          RC_ASSERT(all.set.done(source).bytes == all.delivered[source].bytes);
        }
      },
      200);
}

TEST_CASE("source set: all standbys get work before one gets it twice") {
  source_set set(hosts(4), {}, false);
  std::vector<source_lease> leases;
  std::set<size_t> first;
  for (int i = 0; i < 4; ++i) {
    leases.push_back(*set.choose(true, 1000));
    first.insert(leases.back().source());
  }
  CHECK(first == std::set<size_t>{1, 2, 3, 4});
  std::map<size_t, int> twice;
  for (const auto& one : leases)
    ++twice[one.source()];
  for (int i = 0; i < 4; ++i) {
    leases.push_back(*set.choose(true, 1000));
    ++twice[leases.back().source()];
  }
  for (const auto& [source, count] : twice)
    CHECK(count == 2);
}

TEST_CASE_FIXTURE(
    quiet, "source set: where nobody is left, the error is that of one who could have had it") {
  source_set set(hosts(2), {}, true);
  set.drop(1, {errc::host_connect, "first"});
  CHECK(set.choose(true, 1)->source() == 2);
  set.drop(2, {errc::protocol, "second"});
  CHECK(set.choose(true, 1)->source() == 0); // the primary takes over
  set.drop(0, {errc::file_read, "third"});
  const auto none = set.choose(false, 1);
  REQUIRE_FALSE(none);
  CHECK(none.failure().code == errc::file_read);
  CHECK(none.failure().message.find("pg1") != std::string::npos);
  const auto no_standby = set.choose(true, 1);
  REQUIRE_FALSE(no_standby);
  CHECK(no_standby.failure().message.starts_with("pg"));
}

TEST_CASE("source set: a lease that moves is one lease") {
  source_set set(hosts(0), {}, false);
  {
    auto one = *set.choose(false, 100);
    auto other = std::move(one);
    other.delivered(60);
    source_lease third;
    third = std::move(other);
    third.delivered(40);
    third = source_lease();
  }
  CHECK(set.done(0).files == 2);
  CHECK(set.done(0).bytes == 100);
}
