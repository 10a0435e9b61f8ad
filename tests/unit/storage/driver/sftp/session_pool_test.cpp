// More sessions for those who need them.
// SPDX-License-Identifier: MIT
#include "engine/base/log.hpp"
#include "tests/unit/storage/sftp_rig.hpp"

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::sftp;
using namespace pgbraid::test;

namespace {

/// Several write at once until sessions were opened often enough, or for long.
void write_until(storage& repo, const std::atomic<int>& opened, int wanted) {
  const auto content = noise(3'000'000);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::vector<std::jthread> writers;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 6; ++i)
    writers.emplace_back([&, i] {
      const auto name = "f" + std::to_string(i);
      while (opened < wanted && std::chrono::steady_clock::now() < until)
        failed += write_all(repo, name, content) ? 0 : 1;
    });
  writers.clear();
  CHECK(failed == 0);
}

} // namespace

TEST_CASE("sftp pool: far servers are worth more sessions, within limits") {
  using std::chrono::milliseconds;
  CHECK(sessions_for(1, milliseconds(0)) == 1);
  CHECK(sessions_for(1, milliseconds(95)) == 1);
  CHECK(sessions_for(2, milliseconds(1)) == 2);
  CHECK(sessions_for(2, milliseconds(95)) == 6);
  CHECK(sessions_for(100, milliseconds(1)) == 8);
  CHECK(sessions_for(100, milliseconds(300)) == 8);
}

TEST_CASE("sftp pool: one session has handles enough for all workers") {
  CHECK(handles_for(1, 1019) == 384);
  CHECK(handles_for(1, 256) == 192);
  CHECK(handles_for(1, {}) == 64);
  CHECK(handles_for(999, 1019) == 8);
  CHECK(handles_for(2, UINT64_MAX) == 384);
  for (const uint64_t granted : {100, 256, 1019})
    for (size_t workers = 1; workers * 8 <= granted / 4 * 3; ++workers)
      CHECK(handles_for(workers, granted) * workers <= granted / 4 * 3);
}

TEST_CASE("sftp pool: many small files with a few handles") {
  constexpr size_t count = 200;
  scratch here;
  sftp_server there;
  there.around = {"/usr/bin/prlimit", "--nofile=64"};
  const auto repo = make_sftp_storage(there.pool(), here / "root");
  const auto most = repo->features().settling_files;
  CHECK(most == 42); // three quarters of 64 less 5, as OpenSSH counts
  const auto end_of_first = [](std::deque<std::unique_ptr<io::writer>>& under_way) {
    const auto done = under_way.front()->committed(true);
    REQUIRE_MESSAGE(done, done.failure().message);
    under_way.pop_front();
  };
  std::deque<std::unique_ptr<io::writer>> under_way;
  for (size_t i = 0; i < count; ++i) {
    auto file =
        repo->open_write(std::to_string(i), {.how = publish::in_place, .may_open_late = true});
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes(noise(5 * i))));
    REQUIRE((*file)->begin_commit());
    under_way.push_back(std::move(*file));
    if (under_way.size() == most)
      end_of_first(under_way);
  }
  while (!under_way.empty())
    end_of_first(under_way);
  std::vector<small_read> files(count);
  for (size_t i = 0; i < count; ++i)
    files[i] = {.path = std::to_string(i), .limit_bytes = 1000};
  repo->read_small(files, nullptr);
  for (size_t i = 0; i < count; ++i) {
    REQUIRE_MESSAGE(!files[i].failure, files[i].failure->message);
    CHECK(as_text(files[i].content) == noise(5 * i));
  }
}

TEST_CASE("sftp pool: full sessions get company, up to the limit") {
  sftp_server there;
  scratch here;
  std::atomic<int> opened = 1;
  const auto pool = std::make_shared<session_pool>(
      *there.connect(),
      [&](session_pool::clock::time_point) {
        ++opened;
        return there.connect();
      },
      pool_settings{.host = "there", .sessions_max = 3});
  const auto repo = make_sftp_storage(pool, here / "root");
  REQUIRE(write_all(*repo, "small", "x"));
  CHECK(opened == 1);
  write_until(*repo, opened, 3);
  for (int i = 0; i < 20; ++i)
    REQUIRE(write_all(*repo, "f0", noise(3'000'000)));
  CHECK(opened == 3);
  CHECK(get(here / "root/f0") == noise(3'000'000));
}

TEST_CASE("sftp pool: one that gets no company works alone") {
  sftp_server there;
  scratch here;
  std::atomic<int> asked = 1;
  const auto pool = std::make_shared<session_pool>(
      *there.connect(),
      [&](session_pool::clock::time_point) -> result<std::shared_ptr<connection>> {
        ++asked;
        return error{errc::service, "too many sessions"};
      },
      pool_settings{.host = "there", .sessions_max = 3});
  const auto repo = make_sftp_storage(pool, here / "root");
  write_until(*repo, asked, 3);
  for (int i = 0; i < 20; ++i)
    REQUIRE(write_all(*repo, "f0", noise(3'000'000)));
  CHECK(asked == 3); // both others at once, and not again
}

TEST_CASE("sftp pool: a break is told also when another session was there") {
  scratch here;
  log::configure({.console = log::level::off, .file = log::level::warn});
  REQUIRE(log::open_file(here / "log"));
  sftp_server there;
  const auto first = *there.connect();
  const auto pool = std::make_shared<session_pool>(
      first, [&](session_pool::clock::time_point) { return there.connect(); },
      pool_settings{.host = "there", .sessions_max = 2, .eager = true});
  const auto patience = session_pool::clock::now() + std::chrono::seconds(60);
  while (pool->all_live().size() < 2 && session_pool::clock::now() < patience)
    std::this_thread::yield();
  REQUIRE(pool->all_live().size() == 2);
  there.children.front().end();
  while (!first->failure() && session_pool::clock::now() < patience)
    std::this_thread::yield();
  CHECK(pool->session(patience));
  log::close_file();
  log::configure({});
  CHECK(get(here / "log").find("broke, its work goes on over another one") != std::string::npos);
  CHECK(there.children.size() == 2);
}

TEST_CASE("sftp pool: nobody waits for ever for a server that is gone") {
  log::configure({.console = log::level::off});
  sftp_server there;
  scratch here;
  auto first = *there.connect();
  const auto pool = std::make_shared<session_pool>(
      first,
      [](session_pool::clock::time_point) -> result<std::shared_ptr<connection>> {
        return error{errc::host_connect, "unable to connect to 'there'"};
      },
      pool_settings{.host = "there", .limit = std::chrono::milliseconds(500)});
  const auto repo = make_sftp_storage(pool, here / "root");
  REQUIRE(write_all(*repo, "f", "x"));
  there.children.front().end();
  const auto read = read_all(*repo, "f", 10);
  REQUIRE_FALSE(read);
  CHECK(read.failure().code == errc::host_connect);
  CHECK(read.failure().hint.find("broke") != std::string::npos);
}
