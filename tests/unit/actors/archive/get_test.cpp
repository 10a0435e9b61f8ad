// archive-get from memory.
// SPDX-License-Identifier: MIT
#include "actors/archive/get.hpp"
#include "engine/base/clock.hpp"
#include "tests/unit/actors/archive/archive_rig.hpp"
#include "tests/unit/engine/base/asides.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

using namespace pgbraid;
using namespace pgbraid::test;

namespace fs = std::filesystem;

namespace {

/// A directory of this host, where WAL is taken to; gone with it.
class temporary_directory {
public:
  temporary_directory() : path_((fs::temp_directory_path() / "pgbraid-get-XXXXXX").string()) {
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
  }
  ~temporary_directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  const std::string& path() const { return path_; }

private:
  std::string path_;
};

struct get_rig : archive_rig {
  using archive_rig::archive_rig;

  temporary_directory there = {};
  std::string name = rig_segment;
  bool once = false;
  int may_end = 0;

  result<bool> get() {
    return get_wal({.name = name,
                    .destination = {.directory = there.path(), .name = "RECOVERYXLOG"},
                    .once = once},
                   {.pgdata = pgdata, .from = doors(), .may_end_recovery = [this] { ++may_end; }});
  }
  errc code() {
    const auto got = get();
    return got ? errc{} : got.failure().code;
  }
  /// What is at the destination.
  std::optional<std::string> taken() const {
    const auto path = fs::path(there.path()) / "RECOVERYXLOG";
    if (!fs::exists(path))
      return {};
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  bool is_empty() const { return fs::is_empty(there.path()); }
};

} // namespace

TEST_CASE("get: what was pushed comes back, whatever it was packed and sealed with") {
  for (const bool encrypted : {false, true})
    for (const auto type : {compress_type::none, compress_type::gz, compress_type::lz4,
                            compress_type::zst, compress_type::bz2}) {
      get_rig rig(1, encrypted);
      rig.wanted.compression = type;
      rig.wanted.compress_level = codec::levels_of(type).standard;
      REQUIRE(rig.push());
      REQUIRE(rig.get());
      CHECK(rig.taken() == rig_content('w'));
    }
}

TEST_CASE("get: what nobody has is no error, once everybody was asked") {
  get_rig rig(2);
  const auto got = rig.get();
  REQUIRE(got);
  CHECK_FALSE(*got);
  CHECK(rig.is_empty());
  test::join_all_asides();
}

TEST_CASE("get: a damaged copy is passed over for a whole one") {
  get_rig rig(2);
  REQUIRE(rig.push());
  rig.write(*rig.places[0]->files, rig.path_of(rig_content('w')), rig_content('z'));
  REQUIRE(rig.get());
  CHECK(rig.taken() == rig_content('w'));
  test::join_all_asides();
}

TEST_CASE("get: where all copies are damaged nothing is delivered, and it is an error") {
  const auto whole = rig_content('w');
  for (const auto& damaged :
       {std::string(), whole.substr(0, 4096), whole + "x", rig_content('z')}) {
    get_rig rig;
    rig.write(*rig.places[0]->files, rig.path_of(whole), damaged);
    CHECK(rig.code() == errc::file_read);
    CHECK(rig.is_empty());
    CHECK(rig.may_end == 0);
  }
}

TEST_CASE("get: a segment that is shorter than pg_control says would end a recovery") {
  get_rig rig;
  const auto half = rig_content('w').substr(0, rig_segment_bytes / 2);
  rig.write(*rig.places[0]->files, rig.path_of(half), half);
  CHECK(rig.code() == errc::file_read);
  CHECK(rig.is_empty());
}

TEST_CASE("get: two contents of one segment are nobody's to choose from") {
  get_rig rig(2);
  rig.write(*rig.places[0]->files, rig.path_of(rig_content('a')), rig_content('a'));
  rig.write(*rig.places[1]->files, rig.path_of(rig_content('b')), rig_content('b'));
  CHECK(rig.code() == errc::archive_duplicate);
  CHECK(rig.is_empty());
  test::join_all_asides();
}

TEST_CASE("get: a repository that comes back in time is waited for") {
  manual_clock clock;
  get_rig rig(2);
  rig.write(*rig.places[1]->files, rig.path_of(rig_content('w')), rig_content('w'));
  rig.places[1]->refusals = 3;
  REQUIRE(rig.get());
  CHECK(rig.taken() == rig_content('w'));
  CHECK(rig.places[1]->reconnects == 3);
  CHECK(rig.places[0]->reconnects == 0);
  CHECK(clock.passed() < std::chrono::seconds(60));
  test::join_all_asides();
}

TEST_CASE(
    "get: one that stays away is an error when archive-timeout is over, not the archive's end") {
  manual_clock clock;
  get_rig rig(2);
  rig.places[1]->refusals = 1'000'000;
  CHECK(rig.code() == errc::repo_invalid);
  CHECK(clock.passed() > std::chrono::seconds(50));
  CHECK(clock.passed() <= std::chrono::seconds(60));
  CHECK(rig.may_end == 0);
  test::join_all_asides();
}

TEST_CASE("get: a standby is not kept waiting, since it asks again") {
  manual_clock clock;
  get_rig rig(2);
  rig.once = true;
  rig.places[1]->refusals = 1'000'000;
  CHECK(rig.code() == errc::repo_invalid);
  CHECK(clock.passed() < std::chrono::seconds(1));
  test::join_all_asides();
}

TEST_CASE("get: recovery may go on without a history that one repository does not have") {
  manual_clock clock;
  get_rig rig(2);
  rig.name = "00000002.history";
  rig.places[1]->refusals = 1'000'000;
  CHECK(rig.code() == errc::repo_invalid);
  CHECK(rig.may_end == 1);
  CHECK(clock.passed() <= std::chrono::seconds(10));
  test::join_all_asides();
}

TEST_CASE("get: histories come back as they are") {
  get_rig rig(1, true);
  rig.name = rig.wanted.wal.name = "00000002.history";
  const std::string text = "1\t0/3000000\tno recovery target\n";
  rig.write(rig.wal, rig.name, text);
  REQUIRE(rig.push());
  REQUIRE(rig.get());
  CHECK(rig.taken() == text);
}

TEST_CASE("get: a wrong checkpoint without backup_label is a backup that was tampered with") {
  get_rig rig;
  REQUIRE(rig.push());
  auto control = rig_control();
  put<uint64_t>(control, 32, 0xDEAD);
  put<uint32_t>(control, 288, codec::crc32c(as_bytes(control).first(288)));
  rig.write(rig.pgdata, "global/pg_control", control);
  REQUIRE(postgres::parse_control_file(as_bytes(control))->checkpoint_is_invalid());
  CHECK(rig.code() == errc::format);
  rig.write(rig.pgdata, "backup_label", "START WAL LOCATION: 0/3000028\n");
  CHECK(rig.code() == errc{});
}
