// Tests of what happens when connections break.
// SPDX-License-Identifier: MIT
#include "engine/base/stop_signal.hpp"
#include "tests/unit/actors/serve/served_host.hpp"
#include "tests/unit/engine/io/scratch.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

struct rig {
  scratch here;
  served_host there{{.repo_path = here / "repo"}};
  std::shared_ptr<link::remote_host> host = there.connect(2);
  std::unique_ptr<storage> repo = remote::make_remote_storage(host, "repo", "there:repo");

  rig() { std::filesystem::create_directories(here / "repo"); }
  /// Breaks everything and waits until the serving ends have noticed.
  void cut() {
    there.cut();
    while (there.ended_badly + there.ended_well < static_cast<int>(there.dialled()))
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
};

} // namespace

TEST_CASE("remote: a read goes on where the connection broke") {
  rig r;
  const auto content = noise((size_t{9} << 20) + 77);
  put(r.here / "repo/f", content);
  auto file = r.repo->open_read("f", {.offset_bytes = 7, .limit_bytes = content.size() - 20});
  REQUIRE(file);
  std::string all;
  std::string piece(700001, '\0');
  const auto dialled = r.there.dialled();
  for (int i = 0;; ++i) {
    auto got = (*file)->read(std::as_writable_bytes(std::span(piece)));
    REQUIRE(got);
    if (*got == 0)
      break;
    all.append(piece, 0, *got);
    if (i % 4 == 1)
      r.cut();
  }
  CHECK(all == content.substr(7, content.size() - 20));
  CHECK(r.there.dialled() > dialled);
}

TEST_CASE("remote: small files, and looks back at a file, survive a break as well") {
  rig r;
  put(r.here / "repo/f", "content");
  auto file = r.repo->open_read("f");
  REQUIRE(file);
  r.cut();
  std::string room(3, '\0');
  REQUIRE((*file)->read_at(std::as_writable_bytes(std::span(room)), 4));
  CHECK(room == "ent");
  std::vector<small_read> files = {{.path = "f", .limit_bytes = 10}};
  r.repo->read_small(files, nullptr);
  CHECK(as_text(files[0].content) == "content");
}

TEST_CASE("remote: a read does not go on in another file") {
  rig r;
  put(r.here / "repo/f", noise(size_t{9} << 20));
  auto file = r.repo->open_read("f");
  REQUIRE(file);
  std::string room(1000, '\0');
  REQUIRE((*file)->read(std::as_writable_bytes(std::span(room))));
  put(r.here / "repo/new", noise((size_t{9} << 20) + 1));
  std::filesystem::rename(r.here / "repo/new", r.here / "repo/f");
  r.cut();
  room.resize(size_t{9} << 20);
  const auto got = (*file)->read(std::as_writable_bytes(std::span(room)));
  REQUIRE_FALSE(got);
  CHECK(got.failure().code == errc::file_read);
  CHECK(got.failure().message.find("changed while it was read") != std::string::npos);
}

TEST_CASE("remote: an index is written where the locks are") {
  rig r;
  // A reader each makes the main connection and another one busy.
  put(r.here / "repo/f", noise(size_t{9} << 20));
  auto first = r.repo->open_read("f");
  auto second = r.repo->open_read("f");
  REQUIRE(second);
  const auto dialled = r.there.dialled();
  REQUIRE(write_all(*r.repo, "info", "content"));
  CHECK(get(r.here / "repo/info") == "content");
  CHECK(r.there.dialled() == dialled);
  REQUIRE(r.repo->open_write("data"));
  CHECK(r.there.dialled() == dialled + 1);
  r.there.cut_first();
  while (!r.host->main()->failure())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK_FALSE(write_all(*r.repo, "info", "other"));
  CHECK(get(r.here / "repo/info") == "content");
}

TEST_CASE("remote: while a connection is made the others use what there is") {
  scratch here;
  served_host there({.repo_path = here / "repo"});
  std::atomic<bool> waits = false;
  std::atomic<bool> may_go = false;
  auto host = link::remote_host::connect("there", 2, [&](unsigned number) {
    waits = number > 0;
    while (number > 0 && !may_go)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return there.greet();
  });
  REQUIRE(host);
  const auto busy = (*host)->data();
  REQUIRE(busy);
  CHECK(*busy == (*host)->main());
  std::thread connects([&] { CHECK((*host)->data()); });
  while (!waits)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto meanwhile = (*host)->data();
  may_go = true;
  connects.join();
  REQUIRE(meanwhile);
  CHECK(*meanwhile == (*host)->main());
  CHECK(there.dialled() == 2);
}

TEST_CASE("remote: a read fails when the other host is gone for good") {
  rig r;
  put(r.here / "repo/f", noise(size_t{9} << 20));
  auto file = r.repo->open_read("f");
  REQUIRE(file);
  r.there.refuses = true;
  r.cut();
  std::string room(size_t{9} << 20, '\0');
  const auto got = (*file)->read(std::as_writable_bytes(std::span(room)));
  REQUIRE_FALSE(got);
  CHECK(got.failure().code == errc::access);
}

TEST_CASE("remote: a write fails with its connection and leaves no temporary name") {
  rig r;
  auto file = r.repo->open_write("p/f");
  REQUIRE(file);
  REQUIRE((*file)->write(as_bytes(noise(100000))));
  REQUIRE(names_in(r.here / "repo/p").size() == 1);
  CHECK(names_in(r.here / "repo/p").front().ends_with(".pgbackrest.tmp"));
  r.cut();
  CHECK(names_in(r.here / "repo/p").empty());
  const auto done = io::commit(**file);
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::protocol);
  CHECK_FALSE((*file)->committed(false));
}

TEST_CASE("remote: a write that lost its connection may be begun again over another one") {
  rig r;
  const auto main_is_used = r.host->main();
  auto file = r.repo->open_write("p/f");
  REQUIRE(file);
  REQUIRE(r.there.dialled() == 2);
  r.there.cut_last();
  auto done = (*file)->write(as_bytes(noise(100000)));
  if (done)
    done = io::commit(**file);
  REQUIRE_FALSE(done);
  CHECK(done.failure().transient);
  CHECK(write_all(*r.repo, "p/f", "x"));
}

TEST_CASE("remote: questions fail with the main connection, which is not replaced") {
  rig r;
  r.cut();
  const auto asked = r.repo->info("f");
  REQUIRE_FALSE(asked);
  CHECK_FALSE(asked.failure().transient);
  const auto listed = r.repo->list("");
  REQUIRE_FALSE(listed);
  CHECK_FALSE(listed.failure().transient);
  CHECK_FALSE(r.repo->remove_file("f"));
  CHECK_FALSE(r.repo->features().symlinks);
}

TEST_CASE("remote: nothing is published without the locks of the main connection") {
  rig r;
  const auto main_is_used = r.host->main();
  auto file = r.repo->open_write("p/f");
  REQUIRE(file);
  REQUIRE((*file)->write(as_bytes("x")));
  REQUIRE(r.there.dialled() == 2);
  r.there.cut_first();
  while (!main_is_used->failure())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto done = io::commit(**file);
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::protocol);
  CHECK_FALSE(r.repo->open_write("p/g"));
  file->reset();
  CHECK(names_in(r.here / "repo/p").empty());
  CHECK(r.there.dialled() == 2);
}

TEST_CASE("serve: a goodbye is a good end") {
  scratch here;
  served_host there({.repo_path = here / "repo"});
  { auto on = there.greet(); }
  while (there.ended_badly + there.ended_well == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(there.ended_well == 1);
}

TEST_CASE("serve: a signal ends everything, and the other end hears why") {
  rig r;
  auto file = r.repo->open_write("f");
  REQUIRE(file);
  REQUIRE((*file)->write(as_bytes("x")));
  stop_signal = 15;
  while (r.there.ended_badly + r.there.ended_well < static_cast<int>(r.there.dialled()))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  stop_signal = 0;
  CHECK(r.there.ended_badly == static_cast<int>(r.there.dialled()));
  CHECK(names_in(r.here / "repo").empty());
  const auto done = io::commit(**file);
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::term);
}
