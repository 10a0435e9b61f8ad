// Repositories that PostgreSQL does not wait for, beside a batch.
// SPDX-License-Identifier: MIT
#include "actors/archive/push_batch.hpp"
#include "tests/unit/actors/archive/besides_rig.hpp"

#include <mutex>
#include <utility>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

struct batch_of_besides : besides_rig {
  std::mutex mutex = {};
  std::vector<std::string> told = {};

  result<void> push_all(std::vector<std::string> due, bool idle) {
    push_batch_request batch{
        .each = wanted, .batch_bytes = uint64_t{1} << 30, .process_max = 3, .due = std::move(due)};
    batch.each.wal.name.clear();
    batch.waiting = batch.due.size();
    batch.look = [idle]() -> result<waiting_wal> {
      return waiting_wal{.unanswered = std::vector<std::string>(idle ? 0 : 1, segment(9))};
    };
    auto done = push_batch(batch, ends(), [this](const pushed_wal& file) -> result<void> {
      const std::lock_guard held(mutex);
      if (file.outcome)
        told.push_back(file.name);
      return success();
    });
    join_all_asides();
    return done;
  }
};

} // namespace

TEST_CASE("besides: a batch is done without one that is down, and the next one gives it all") {
  batch_of_besides rig;
  rig.places[1]->refusals = 1;
  REQUIRE(rig.push_all({segment(1), segment(2), segment(3), segment(4)}, true));
  CHECK(rig.told.size() == 4);
  CHECK(rig.waiting() == std::vector{segment(1), segment(2), segment(3), segment(4)});
  rig.later();
  REQUIRE(rig.push_all({segment(5), segment(6)}, true));
  CHECK(rig.told.size() == 6);
  CHECK(rig.kept().empty());
  for (unsigned number = 1; number <= 6; ++number) {
    CHECK(rig.has(0, number));
    CHECK(rig.has(1, number));
  }
}
