// Files whose parts are written in any order, on the drivers that claim it.
// SPDX-License-Identifier: MIT
#include "tests/hostile.hpp"
#include "tests/unit/storage/contract.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

std::unique_ptr<io::updater> open(storage& repo, std::string_view path,
                                  const update_options& options) {
  auto file = repo.open_update(path, options);
  REQUIRE(file);
  return std::move(*file);
}

std::string read_back(io::updater& file, uint64_t offset, size_t size) {
  std::string room(size, '\0');
  const auto got = file.read_at(std::as_writable_bytes(std::span(room)), offset);
  REQUIRE(got);
  return room.substr(0, *got);
}

void finish(io::updater& file) {
  REQUIRE(file.begin_commit());
  auto done = file.committed(false);
  REQUIRE(done);
  done = file.committed(true);
  REQUIRE(done);
  CHECK(*done);
}

} // namespace

TEST_CASE_TEMPLATE("storage updates: parts in any order, or refused", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  if (!repo.features().updates) {
    CHECK(code_of(repo.open_update("f", {.size_bytes = 1})) == errc::feature_not_supported);
    CHECK_FALSE(exists(repo, "f"));
    return;
  }
  REQUIRE(repo.make_path("p"));
  const auto file = open(repo, "p/f", {.size_bytes = 10, .mode = 0600, .mtime_s = 1000});
  CHECK(file->kept_bytes() == 0);
  REQUIRE(file->write_at(as_bytes("world"), 5));
  REQUIRE(file->write_at(as_bytes("hello"), 0));
  CHECK(read_back(*file, 3, 4) == "lowo");
  CHECK(read_back(*file, 8, 100) == "ld");
  CHECK(read_back(*file, 10, 1).empty());
  finish(*file);
  CHECK(read(repo, "p/f") == "helloworld");
  const auto info = info_of(repo, "p/f");
  CHECK(info.mode == 0600);
  CHECK(info.mtime_s == 1000);
  CHECK(info.size_bytes == 10);
}

TEST_CASE_TEMPLATE("storage updates: what was there is kept, or not", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  if (!repo.features().updates)
    return;
  REQUIRE(write_all(repo, "f", "0123456789"));
  auto file = open(repo, "f", {.size_bytes = 6, .keep = true});
  CHECK(file->kept_bytes() == 6);
  CHECK(read_back(*file, 0, 10) == "012345");
  REQUIRE(file->write_at(as_bytes("ab"), 1));
  finish(*file);
  CHECK(read(repo, "f") == "0ab345");

  file = open(repo, "f", {.size_bytes = 8, .keep = true});
  CHECK(file->kept_bytes() == 6);
  finish(*file);
  CHECK(read(repo, "f") == std::string("0ab345\0\0", 8));

  file = open(repo, "f", {.size_bytes = 3});
  CHECK(file->kept_bytes() == 0);
  finish(*file);
  CHECK(read(repo, "f") == std::string(3, '\0'));
}

TEST_CASE_TEMPLATE("storage updates: another name of a file keeps what it held", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  if (!repo.features().updates || !repo.features().hardlinks)
    return;
  REQUIRE(write_all(repo, "f", "0123456789"));
  REQUIRE(repo.make_hardlink("g", "f"));
  const auto file = open(repo, "f", {.size_bytes = 10, .keep = true});
  CHECK(file->kept_bytes() == 0);
  REQUIRE(file->write_at(as_bytes("x"), 0));
  finish(*file);
  CHECK(read(repo, "g") == "0123456789");
  CHECK(read(repo, "f") == "x" + std::string(9, '\0'));
}

TEST_CASE_TEMPLATE("storage updates: no way out, and no file where none can be", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  if (!repo.features().updates)
    return;
  hostile("links that lead elsewhere", 2);
  hostile("names that leave their directory", 2);
  REQUIRE(write_all(repo, "secret", "kept"));
  plant(on, "link", "secret");
  REQUIRE(repo.make_path("p"));
  plant(on, "way", "p");
  const update_options one{.size_bytes = 1};
  CHECK(code_of(repo.open_update("link", one)) == errc::link_destination);
  CHECK(code_of(repo.open_update("way/f", one)) == errc::link_destination);
  CHECK(code_of(repo.open_update("../f", one)) == errc::param_invalid);
  CHECK(code_of(repo.open_update("", one)) == errc::param_invalid);
  CHECK(code_of(repo.open_update("none/f", one)) == errc::file_missing);
  CHECK(code_of(repo.open_update("p", one)) == errc::file_open);
  CHECK(read(repo, "secret") == "kept");
}
