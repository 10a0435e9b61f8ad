// Sessions that break at any byte: what was begun is done all the same, over the next one.
// SPDX-License-Identifier: MIT
#include "engine/base/log.hpp"
#include "tests/unit/storage/sftp_rig.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <thread>

using namespace pgbraid;
using namespace pgbraid::sftp;
using namespace pgbraid::test;

namespace {

/// Breaks after so many bytes in both directions together.
class brittle final : public net::transport {
public:
  /// @param moved_bytes  counts them
  brittle(std::unique_ptr<net::transport> over, size_t bytes, std::atomic<size_t>& moved_bytes)
      : over_(std::move(over)), left_(bytes), moved_bytes_(moved_bytes) {}
  result<net::progress> read(byte_span out) override {
    return moved(over_->read(out.first(std::min(out.size(), left_))));
  }
  result<net::progress> write(byte_view in) override {
    return moved(over_->write(in.first(std::min(in.size(), left_))));
  }
  int read_fd() const override { return over_->read_fd(); }
  int write_fd() const override { return over_->write_fd(); }
  void close() override { over_->close(); }

private:
  result<net::progress> moved(result<net::progress> what) {
    if (left_ == 0)
      return error{errc::protocol, "cut"};
    if (what) {
      left_ -= what->bytes;
      moved_bytes_ += what->bytes;
    }
    return what;
  }
  const std::unique_ptr<net::transport> over_;
  size_t left_;
  std::atomic<size_t>& moved_bytes_;
};

/// A repository whose first sessions break, each after so many bytes; the others last.
struct brittle_rig {
  explicit brittle_rig(std::vector<size_t> cuts, size_t sessions = 1) : cuts_(std::move(cuts)) {
    log::configure({.console = log::level::off}); // each break is a warning
    auto first = connect();
    while (!first && sessions_ <= cuts_.size()) // in its handshake
      first = connect();
    REQUIRE(first);
    pool = std::make_shared<session_pool>(
        *first, [this](session_pool::clock::time_point) { return connect(); },
        pool_settings{.host = "there",
                      .sessions_max = sessions,
                      .eager = sessions > 1,
                      .spare_bytes = (sessions - 1) << 20});
    repo = make_sftp_storage(pool, here / "root");
  }
  result<std::shared_ptr<connection>> connect() {
    auto child = sftp_server::start();
    auto over = net::make_fd_transport(child.from_child.release(), child.to_child.release());
    {
      const std::lock_guard held(mutex_);
      const auto cut = sessions_ < cuts_.size() ? cuts_[sessions_] : SIZE_MAX;
      over = std::make_unique<brittle>(std::move(over), cut, moved_bytes.emplace_back(0));
      ++sessions_;
      children_.push_back(std::move(child));
    }
    return connection::open(std::move(over), {.host = "there"});
  }

  /// Kills the server of a session.
  void end(size_t session) {
    const std::lock_guard held(mutex_);
    children_[session].end();
  }
  void wait_for_sessions(size_t count) {
    while (pool->all_live().size() != count)
      std::this_thread::yield();
  }

private:
  const std::vector<size_t> cuts_;
  std::mutex mutex_; ///< guards what follows: sessions are made by several threads
  size_t sessions_ = 0;
  std::vector<net::child_process> children_; ///< outlive the sessions, which end them

public:
  std::deque<std::atomic<size_t>> moved_bytes; ///< by each session, in both directions
  scratch here;
  std::shared_ptr<session_pool> pool;
  std::unique_ptr<storage> repo;
};

/// Where to cut: densely while the first requests are made, then wider.
std::vector<size_t> cut_positions(size_t until) {
  std::vector<size_t> out;
  for (size_t at = 60; at < until; at += std::max<size_t>(29, at / 4))
    out.push_back(at);
  return out;
}

void write_one(storage& repo, std::string_view path, std::string_view content,
               const write_options& options) {
  auto file = repo.open_write(path, options);
  REQUIRE(file);
  constexpr size_t step = 50000;
  for (size_t at = 0; at < content.size(); at += step) {
    const auto written = (*file)->write(as_bytes(content.substr(at, step)));
    REQUIRE_MESSAGE(written, written.failure().message);
  }
  const auto ended = io::commit(**file);
  REQUIRE_MESSAGE(ended, ended.failure().message);
}

} // namespace

TEST_CASE("sftp breaks: files are written whole") {
  const auto content = noise(300000);
  for (const auto how : {publish::atomic, publish::in_place})
    for (const bool late : {false, true})
      for (const auto cut : cut_positions(content.size() + 20000)) {
        CAPTURE(cut);
        brittle_rig there({cut, cut / 2});
        write_one(*there.repo, "a/b/f", content, {.how = how, .may_open_late = late});
        CHECK(get(there.here / "root/a/b/f") == content);
        const auto names = there.repo->list("a/b");
        REQUIRE(names);
        CHECK((*names)->size() == 1);
      }
}

TEST_CASE("sftp breaks: files are read whole, from anywhere") {
  const auto content = noise(300000);
  for (const auto cut : cut_positions(content.size() + 20000)) {
    CAPTURE(cut);
    brittle_rig there({cut, cut / 2});
    std::filesystem::create_directory(there.here / "root");
    put(there.here / "root/f", content);
    auto file = there.repo->open_read("f", {.offset_bytes = 1000, .limit_bytes = 290000});
    REQUIRE(file);
    std::string got(content.size(), '\0');
    const auto bytes = (*file)->read(std::as_writable_bytes(std::span(got)));
    REQUIRE(bytes);
    got.resize(*bytes);
    CHECK(got == content.substr(1000, 290000));
    std::string some(5000, '\0');
    REQUIRE((*file)->read_at(std::as_writable_bytes(std::span(some)), 200000));
    CHECK(some == content.substr(200000, 5000));
  }
}

TEST_CASE("sftp breaks: a large file is carried by all sessions") {
  brittle_rig there({}, 3);
  there.wait_for_sessions(3);
  const auto all_moved = [&](size_t bytes) {
    return std::ranges::all_of(there.moved_bytes, [bytes](const auto& one) { return one > bytes; });
  };
  const auto step = noise(1'000'000);
  std::string content;
  auto file = there.repo->open_write("f", {.how = publish::in_place});
  REQUIRE(file);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!all_moved(1'000'000) && std::chrono::steady_clock::now() < until) {
    REQUIRE((*file)->write(as_bytes(step)));
    content += step;
  }
  CHECK(all_moved(1'000'000));
  REQUIRE(io::commit(**file));
  CHECK(get(there.here / "root/f") == content);

  std::vector<size_t> before(there.moved_bytes.begin(), there.moved_bytes.end());
  const auto all_moved_more = [&] {
    return std::ranges::equal(there.moved_bytes, before,
                              [](const auto& now, size_t then) { return now > then + 500'000; });
  };
  for (bool first = true; first || (!all_moved_more() && std::chrono::steady_clock::now() < until);
       first = false) {
    const auto got = read_all(*there.repo, "f", content.size());
    REQUIRE(got);
    CHECK(*got == content);
  }
  CHECK(all_moved_more());
}

TEST_CASE("sftp breaks: who has carried all its pieces is not missed at the end") {
  for (size_t broken = 0; broken < 3; ++broken) {
    CAPTURE(broken);
    brittle_rig there({}, 3);
    there.wait_for_sessions(3);
    const auto content = noise(6'000'000);
    auto file =
        there.repo->open_write("f", {.how = publish::in_place, .size_hint_bytes = content.size()});
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes(content)));
    for (const auto& one : there.pool->all_live())
      while (one->load() > 0)
        std::this_thread::yield();
    there.end(broken);
    there.wait_for_sessions(2);
    const auto ended = io::commit(**file);
    REQUIRE_MESSAGE(ended, ended.failure().message);
    CHECK(get(there.here / "root/f") == content);
  }
}

TEST_CASE("sftp breaks: a file that several sessions carry is whole, whichever of them break") {
  const auto content = noise(5'000'000);
  for (size_t cut = 300; cut < content.size(); cut = cut * 5 / 2)
    for (const auto how : {publish::atomic, publish::in_place}) {
      CAPTURE(cut);
      brittle_rig there({cut, cut * 2, cut * 3, cut}, 4);
      write_one(*there.repo, "f", content, {.how = how, .size_hint_bytes = content.size()});
      CHECK(get(there.here / "root/f") == content);
      CHECK((*there.repo->list(""))->size() == 1);
    }
  for (size_t cut = 300; cut < content.size(); cut = cut * 5 / 2) {
    CAPTURE(cut);
    brittle_rig there({cut, cut * 2, cut * 3, cut}, 4);
    std::filesystem::create_directory(there.here / "root");
    put(there.here / "root/f", content);
    const auto got = read_all(*there.repo, "f", content.size());
    REQUIRE_MESSAGE(got, got.failure().message);
    CHECK(*got == content);
  }
}

TEST_CASE("sftp breaks: many files that open late and end together") {
  constexpr size_t files = 40;
  const auto content = [](size_t i) { return noise(i % 3 == 0 ? 90000 : 700 * i); };
  for (const auto cut : cut_positions(2'000'000)) {
    CAPTURE(cut);
    brittle_rig there({cut, cut});
    std::vector<std::unique_ptr<io::writer>> under_way;
    for (size_t i = 0; i < files; ++i) {
      auto file = there.repo->open_write("p/" + std::to_string(i),
                                         {.how = publish::in_place, .may_open_late = true});
      REQUIRE(file);
      REQUIRE((*file)->write(as_bytes(content(i))));
      REQUIRE((*file)->begin_commit());
      under_way.push_back(std::move(*file));
    }
    for (auto& one : under_way) {
      auto done = one->committed(false);
      if (done && !*done)
        done = one->committed(true);
      REQUIRE_MESSAGE(done, done.failure().message);
      CHECK(*done);
    }
    for (size_t i = 0; i < files; ++i)
      CHECK(get(there.here / ("root/p/" + std::to_string(i))) == content(i));
  }
}

TEST_CASE("sftp breaks: a batch of small files is read whole") {
  for (const auto cut : cut_positions(40000)) {
    CAPTURE(cut);
    brittle_rig there({cut, cut});
    std::filesystem::create_directory(there.here / "root");
    std::vector<small_read> files(30);
    for (size_t i = 0; i < files.size(); ++i) {
      files[i] = {.path = std::to_string(i), .limit_bytes = 5000};
      if (i != 7)
        put(there.here / ("root/" + files[i].path), noise(40 * i));
    }
    there.repo->read_small(files, nullptr);
    for (size_t i = 0; i < files.size(); ++i) {
      CHECK(files[i].failure.has_value() == (i == 7));
      if (i != 7)
        CHECK(as_text(files[i].content) == noise(40 * i));
    }
    CHECK(files[7].failure->code == errc::file_missing);
  }
}

TEST_CASE("sftp breaks: names are changed once") {
  for (const auto cut : cut_positions(3000)) {
    CAPTURE(cut);
    brittle_rig there({cut, cut});
    auto& repo = *there.repo;
    const auto fine = [](const result<void>& done) {
      REQUIRE_MESSAGE(done, done.failure().message);
    };
    fine(repo.make_path("p/q"));
    fine(write_all(repo, "p/q/f", "content"));
    fine(repo.move("p/q/f", "p/g"));
    fine(repo.make_symlink("p/s", "g"));
    fine(repo.make_hardlink("p/h", "p/g"));
    fine(repo.set_attributes("p/g", {.mode = 0600}));
    fine(repo.sync_path("p"));
    const auto all = repo.list("p");
    REQUIRE(all);
    std::string names;
    for (const auto& one : **all)
      names += one.name + " ";
    CHECK(names == "g h q s ");
    CHECK(get(there.here / "root/p/h") == "content");
    fine(repo.remove_file("p/g"));
    fine(repo.remove_tree("p"));
    const auto gone = repo.info("p");
    REQUIRE(gone);
    CHECK_FALSE(gone->has_value());
  }
}

TEST_CASE("sftp breaks: what the server lost is noticed") {
  for (const bool shorter : {true, false}) {
    CAPTURE(shorter);
    // The first session ends in the middle of the file, when it kept more than one may keep.
    brittle_rig there({7'000'000});
    auto file = there.repo->open_write("f", {.how = publish::in_place});
    REQUIRE(file);
    const auto content = noise(6'900'000);
    REQUIRE((*file)->write(as_bytes(content)));
    // Until all that it got is on its disk, and acknowledged.
    const auto path = there.here / "root/f";
    while (std::filesystem::file_size(path) < content.size() / piece_bytes * piece_bytes ||
           there.pool->live()->load() > 0)
      std::this_thread::yield();
    if (shorter)
      std::filesystem::resize_file(path, 10000);
    else
      std::fstream(path, std::ios::in | std::ios::out).write("other", 5);
    auto done = (*file)->write(as_bytes(noise(300'000)));
    if (done)
      done = io::commit(**file);
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::file_write);
    CHECK(done.failure().message.find("lost") != std::string::npos);
  }
}

TEST_CASE("sftp breaks: a file that became another one is not read on") {
  brittle_rig there({100000});
  std::filesystem::create_directory(there.here / "root");
  put(there.here / "root/f", noise(300000));
  auto file = there.repo->open_read("f");
  REQUIRE(file);
  put(there.here / "root/f", noise(300001));
  std::string rest(300000, '\0');
  const auto got = (*file)->read(std::as_writable_bytes(std::span(rest)));
  REQUIRE_FALSE(got);
  CHECK(got.failure().message.find("changed while it was read") != std::string::npos);
}
