// When a resident archiver is started: not again and again where it fails.
// SPDX-License-Identifier: MIT
#include "cli/archiver/archiver_start.hpp"
#include "engine/base/clock.hpp"
#include "tests/unit/cli/archiver/archiver_rig.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

using namespace pgbraid;
using namespace pgbraid::cli;

namespace {

struct rig : test::archiver_rig {
  std::filesystem::path note = archiver_start_path(place);

  bool may() const {
    const auto said = may_start_archiver(place);
    REQUIRE(said);
    return *said;
  }
  void is_so_old(std::chrono::seconds age) const {
    std::filesystem::last_write_time(note, std::filesystem::file_time_type::clock::now() - age);
  }
};

} // namespace

TEST_CASE("archiver start: one that does not listen is not followed by another at once") {
  const rig here;
  CHECK(here.may());
  CHECK_FALSE(here.may());
  here.is_so_old(archiver_start_pause - std::chrono::seconds(5));
  CHECK_FALSE(here.may());
  here.is_so_old(archiver_start_pause + std::chrono::seconds(1));
  CHECK(here.may());
  CHECK_FALSE(here.may());
}

TEST_CASE("archiver start: a note of a time to come is no reason to wait for it") {
  const rig here;
  CHECK(here.may());
  here.is_so_old(-archiver_start_pause - std::chrono::seconds(5));
  CHECK(here.may());
}

TEST_CASE("archiver start: one that listens may be followed by another at any time") {
  const rig here;
  CHECK(here.may());
  archiver_has_started(here.place);
  CHECK_FALSE(std::filesystem::exists(here.note));
  CHECK(here.may());
}

TEST_CASE("archiver start: nothing is noted through a link, nor where others may change it") {
  const rig here;
  std::filesystem::create_symlink(here.here / "elsewhere", here.note);
  const auto linked = may_start_archiver(here.place);
  REQUIRE_FALSE(linked);
  CHECK(linked.failure().code == errc::file_open);
  CHECK_FALSE(std::filesystem::exists(here.here / "elsewhere"));
  std::filesystem::remove(here.note);
  REQUIRE(::chmod(here.place.directory.c_str(), 0777) == 0);
  const auto open_to_all = may_start_archiver(here.place);
  REQUIRE_FALSE(open_to_all);
  CHECK(open_to_all.failure().code == errc::file_mode);
}

TEST_CASE("archiver start: the directory is made where it is missing") {
  rig here;
  here.place = {here.here / "new", here.here / "new/demo-archive.sock"};
  here.note = archiver_start_path(here.place);
  CHECK(here.may());
  CHECK(std::filesystem::exists(here.note));
}
