// One directory of the spool.
// SPDX-License-Identifier: MIT
#include "storage/spool/spool_directory.hpp"
#include "storage/spool/wal_time.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>

using namespace pgbraid;
using namespace pgbraid::spool;
using namespace pgbraid::test;

TEST_CASE("spool directory: none is no error, and is made with its parents") {
  const scratch place;
  const auto path = place / "archive/demo/out";
  const auto none = spool_directory::open(path);
  REQUIRE(none);
  CHECK_FALSE(none->has_value());
  const auto made = spool_directory::make(path);
  REQUIRE(made);
  CHECK(made->names()->empty());
  const auto there = spool_directory::open(path);
  REQUIRE(there);
  CHECK(there->has_value());
}

TEST_CASE("spool directory: a status is written whole, and read as it was meant") {
  const scratch place;
  const auto spool = spool_directory::make(place.text());
  REQUIRE(spool);
  REQUIRE(spool->write("x.ok", {}));
  REQUIRE(spool->write("y.error", {.code = 45, .message = "two\nlines"}));
  CHECK(place.names() == std::vector<std::string>{"x.ok", "y.error"});
  CHECK(get(place / "x.ok").empty());
  CHECK(get(place / "y.error") == "45\ntwo\nlines");
  struct stat about = {};
  REQUIRE(::stat((place / "x.ok").c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0640);
  const auto read = spool->status("y.error");
  REQUIRE(read);
  REQUIRE(*read);
  REQUIRE((*read)->says);
  CHECK((*read)->says->message == "two\nlines");
  REQUIRE(spool->remove("y.error"));
  REQUIRE(spool->remove("y.error"));
  CHECK_FALSE(spool->contains("y.error"));
  CHECK_FALSE(spool->status("y.error")->has_value());
}

TEST_CASE("spool directory: an answer has the time of the file that it is about") {
  const scratch place;
  const auto spool = spool_directory::make(place / "out");
  REQUIRE(spool);
  put(place / "wal", "content");
  const auto written_ns = wal_written_ns(place.text(), "wal");
  REQUIRE(written_ns);
  REQUIRE(spool->write("wal.ok", {}, *written_ns));
  const auto answer_ns = (*spool->status("wal.ok"))->changed_ns;
  CHECK_FALSE(is_older_than_wal(answer_ns, place.text(), "wal"));
  // The same name comes again.
  std::filesystem::last_write_time(place / "wal", std::filesystem::last_write_time(place / "wal") +
                                                      std::chrono::seconds(3));
  CHECK(is_older_than_wal(answer_ns, place.text(), "wal"));
  CHECK_FALSE(is_older_than_wal(answer_ns, place.text(), "none"));
}

TEST_CASE("spool directory: a file that is larger than any status is none") {
  hostile("control characters and line feeds");
  const scratch place;
  const auto spool = spool_directory::make(place.text());
  REQUIRE(spool);
  put(place / "x.ok", "0\n" + std::string(10 << 20, 'x'));
  const auto read = spool->status("x.ok");
  REQUIRE(read);
  REQUIRE(*read);
  CHECK_FALSE((*read)->says);
}

TEST_CASE("spool directory: room") {
  const scratch place;
  const auto spool = spool_directory::make(place.text());
  REQUIRE(spool);
  const auto room = spool->has_room();
  REQUIRE(room);
  CHECK(*room);
  CHECK(place.names().empty());
}
