// A meter, on the memory driver and a clock of the test's.
// SPDX-License-Identifier: MIT
#include "storage/wrap/metered_storage.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"
#include "tests/unit/storage/faulty_memory.hpp"
#include "tests/unit/storage/rigs.hpp"

using namespace pgbraid;
using namespace pgbraid::test;
using namespace std::chrono_literals;

namespace {

/// Every name that the driver is asked about takes a second.
struct rig {
  manual_clock clock;
  std::shared_ptr<faulty_memory> files = std::make_shared<faulty_memory>();
  std::shared_ptr<storage_meter> meter = std::make_shared<storage_meter>();
  metered_storage metered{files, meter};

  rig() {
    files->set_hook([this](storage_verb, std::string_view) -> std::optional<error> {
      clock.advance(1s);
      return {};
    });
  }
  void expect(storage_verb verb, uint64_t requests, uint64_t bytes,
              std::chrono::nanoseconds time) const {
    CAPTURE(static_cast<int>(verb));
    const auto of = meter->of(verb);
    CHECK(of.requests == requests);
    CHECK(of.failures == 0);
    CHECK(of.bytes == bytes);
    CHECK(of.time == time);
  }
};

} // namespace

TEST_CASE_FIXTURE(rig, "meter: a file that is written, and read") {
  auto file = metered.open_write("f");
  REQUIRE(file);
  REQUIRE((*file)->write(as_bytes("12345")));
  REQUIRE((*file)->write(as_bytes("678")));
  REQUIRE((*file)->begin_commit());
  for (bool done = false; !done;)
    done = *(*file)->committed(false);
  CHECK(*(*file)->committed(true)); // asked again: no other request
  expect(storage_verb::open_write, 1, 0, 1s);
  expect(storage_verb::write, 2, 8, 2s);
  expect(storage_verb::sync, 1, 0, 1s);
  expect(storage_verb::publish, 1, 0, 2s); // with the sync that it waits for
  CHECK(*read_all(metered, "f", 100) == "12345678");
  expect(storage_verb::open_read, 1, 0, 1s);
  expect(storage_verb::read, 1, 8, 1s);
}

TEST_CASE_FIXTURE(rig, "meter: what looks at many names is one request") {
  const std::vector<std::string> paths = {"a", "b", "c"};
  REQUIRE(metered.make_many_paths(paths, 0750));
  REQUIRE(metered.many_infos(paths));
  REQUIRE(metered.sync_many_paths(paths));
  REQUIRE(metered.remove_files(std::array<std::string, 2>{"x", "y"}));
  REQUIRE(metered.list_tree(""));
  expect(storage_verb::make_path, 1, 0, 3s);
  expect(storage_verb::info, 1, 0, 3s);
  expect(storage_verb::sync_path, 1, 0, 3s);
  expect(storage_verb::remove, 1, 0, 2s);
  expect(storage_verb::list, 1, 0, 1s);
  REQUIRE(write_all(*files, "a/f", "123"));
  std::vector<small_read> batch(2, {.path = "a/f", .limit_bytes = 10});
  metered.read_small(batch, nullptr);
  CHECK(meter->of(storage_verb::read).requests == 1);
  CHECK(meter->of(storage_verb::read).bytes == 6);
}

TEST_CASE_FIXTURE(rig, "meter: failures count and move nothing") {
  CHECK_FALSE(metered.open_read("none"));
  CHECK(meter->of(storage_verb::open_read).failures == 1);
  files->fail(storage_verb::write, 1, {errc::file_write, "broken"});
  CHECK_FALSE(write_all(metered, "f", "123"));
  CHECK(meter->of(storage_verb::write).requests == 1);
  CHECK(meter->of(storage_verb::write).failures == 1);
  CHECK(meter->of(storage_verb::write).bytes == 0);
  CHECK(meter->of(storage_verb::sync).requests == 0);
}
