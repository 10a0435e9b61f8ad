// A throttle, on the memory driver and a clock of the test's.
// SPDX-License-Identifier: MIT
#include "storage/wrap/throttled_storage.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"
#include "tests/unit/storage/rigs.hpp"

using namespace pgbraid;
using namespace pgbraid::test;
using namespace std::chrono_literals;

namespace {

constexpr uint64_t rate = 1 << 20; ///< a MiB a second
constexpr uint64_t burst = 1 << 20;

struct rig {
  manual_clock clock;
  std::shared_ptr<memory_storage> files = std::make_shared<memory_storage>();
  std::shared_ptr<throttle> limit = std::make_shared<throttle>(rate, burst);
  throttled_storage slow{files, limit};
};

} // namespace

TEST_CASE_FIXTURE(rig, "throttle: what is written takes its time, beyond the burst") {
  REQUIRE(write_all(slow, "f", std::string(1 << 20, 'x')));
  CHECK(clock.passed() == 0s);
  REQUIRE(write_all(slow, "g", std::string(3 << 20, 'x')));
  CHECK(clock.passed() == 3s);
  CHECK(files->content("g")->size() == 3 << 20);
}

TEST_CASE_FIXTURE(rig, "throttle: so does what is read, from anywhere") {
  REQUIRE(write_all(*files, "f", std::string(4 << 20, 'x')));
  CHECK(read_all(slow, "f", 5 << 20)->size() == 4 << 20);
  CHECK(clock.passed() == 3s);
  auto file = slow.open_read("f");
  REQUIRE(file);
  std::vector<std::byte> room(1 << 20);
  CHECK(*(*file)->read_at(room, 1 << 20) == 1 << 20);
  CHECK(clock.passed() == 4s);
  CHECK(*(*file)->read_at(room, 4 << 20) == 0); // the end costs nothing
  CHECK(clock.passed() == 4s);
}

TEST_CASE_FIXTURE(rig, "throttle: small files count together, names not at all") {
  std::vector<small_read> batch;
  for (int i = 0; i < 4; ++i) {
    const auto path = "p/" + std::to_string(i);
    REQUIRE(write_all(*files, path, std::string(1 << 19, 'x')));
    batch.push_back({.path = path, .limit_bytes = 1 << 20});
  }
  slow.read_small(batch, nullptr);
  CHECK(batch[3].content.size() == 1 << 19);
  CHECK(clock.passed() == 1s);
  CHECK(slow.list("p"));
  CHECK(slow.remove_tree("p"));
  CHECK(clock.passed() == 1s);
}

TEST_CASE_FIXTURE(rig, "throttle: one rate for all that share it") {
  throttled_storage other{std::make_shared<memory_storage>(), limit};
  REQUIRE(write_all(slow, "f", std::string(1 << 20, 'x')));
  REQUIRE(write_all(other, "f", std::string(1 << 20, 'x')));
  CHECK(clock.passed() == 1s);
}
