// archive-push through the spool, seen by the foreground.
// SPDX-License-Identifier: MIT
#include "cli/spool/push_wait.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/cli/spool/spool_rig.hpp"

using namespace pgbraid;
using namespace pgbraid::test;
namespace fs = std::filesystem;

namespace {

struct push_rig : spool_rig {
  result<int> push() {
    return cli::wait_for_push({.of = settings(), .wal_directory = wal, .wal = rig_wal}, hands());
  }
  /// An answer that is older than the WAL file.
  void old_answer(const std::string& text) const {
    answer(rig_wal + ".ok", text);
    fs::last_write_time(spool + "/" + rig_wal + ".ok",
                        fs::last_write_time(wal + "/" + rig_wal) - std::chrono::seconds(1));
  }
};

} // namespace

TEST_CASE("push wait: an answer that is there is enough") {
  push_rig rig;
  for (const auto* text : {"", "0\na warning\nHINT: of two lines", "45\nskipped by hand"}) {
    rig.answer(rig_wal + ".ok", text);
    const auto done = rig.push();
    REQUIRE(done);
    CHECK(*done == 0);
  }
  CHECK(rig.started.empty());
  CHECK(rig.clock.passed().count() == 0);
}

TEST_CASE("push wait: without an answer a background process is started, once") {
  push_rig rig;
  int pauses = 0;
  rig.meanwhile = [&] {
    if (++pauses == 4)
      rig.answer(rig_wal + ".ok", "");
  };
  const auto done = rig.push();
  REQUIRE(done);
  CHECK(*done == 0);
  CHECK(rig.started == std::vector<std::string>{rig.wal});
  CHECK(fs::status(rig.spool).permissions() == fs::perms(0750));
  CHECK_FALSE(fs::exists(rig.place / "lock/demo-archive-1.lock"));
}

TEST_CASE("push wait: an error of another time is forgotten, a new one is told") {
  push_rig rig;
  rig.answer(rig_wal + ".error", "44\nof another time");
  rig.answer("global.error", "103\nof another time");
  rig.answer("000000010000000000000004.error", "44\nof another file");
  SUBCASE("of the file") {
    rig.background = [&] {
      CHECK_FALSE(rig.has(rig_wal + ".error"));
      CHECK_FALSE(rig.has("global.error"));
      rig.answer(rig_wal + ".error", "45\nsomething new\nHINT: a hint");
    };
    const auto done = rig.push();
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::archive_duplicate);
    CHECK(done.failure().message == "something new\nHINT: a hint");
  }
  SUBCASE("of all") {
    rig.background = [&] { rig.answer("global.error", "103\nno repository"); };
    const auto done = rig.push();
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::repo_invalid);
  }
  SUBCASE("none that means anything") {
    hostile("control characters and line feeds");
    rig.background = [&] { rig.answer(rig_wal + ".error", "0\nnothing"); };
    const auto done = rig.push();
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::format);
  }
}

TEST_CASE("push wait: an answer about an older file of the same name archives nothing") {
  push_rig rig;
  rig.old_answer("");
  rig.background = [&] {
    CHECK_FALSE(rig.has(rig_wal + ".ok"));
    // Whatever clock the file systems go by: this one is new.
    rig.old_answer("");
  };
  const auto done = rig.push();
  REQUIRE(done);
  CHECK(rig.started.size() == 1);
}

TEST_CASE("push wait: an answer that nobody writes archives nothing") {
  push_rig rig;
  for (const auto* text : {"45", "x\ny", "-1\ny"}) {
    hostile("control characters and line feeds");
    rig.answer(rig_wal + ".ok", text);
    rig.background = [&] { rig.answer(rig_wal + ".ok", ""); };
    const auto before = rig.started.size();
    REQUIRE(rig.push());
    CHECK(rig.started.size() == before + 1);
  }
}

TEST_CASE("push wait: links and directories are no answers") {
  push_rig rig;
  rig.make_spool();
  put(rig.place / "elsewhere", "");
  hostile("links that lead elsewhere", 2);
  fs::create_symlink(rig.place / "elsewhere", rig.spool + "/" + rig_wal + ".ok");
  rig.background = [&] {
    fs::remove(rig.spool + "/" + rig_wal + ".ok");
    rig.answer(rig_wal + ".ok", "");
  };
  // It stays in the way of the background process, which replaces it.
  REQUIRE(rig.push());
  fs::remove(rig.spool + "/" + rig_wal + ".ok");
  fs::create_directory(rig.spool + "/" + rig_wal + ".error");
  REQUIRE(rig.push());
}

TEST_CASE("push wait: who holds the locks is waited for") {
  push_rig rig;
  auto other = io::lock_set::acquire(rig.locks("2-00000002"));
  REQUIRE(other);
  int pauses = 0;
  rig.meanwhile = [&] {
    if (++pauses == 30)
      rig.answer(rig_wal + ".ok", "");
  };
  REQUIRE(rig.push());
  CHECK(rig.started.empty());
}

TEST_CASE("push wait: a background process that takes long stays the only one") {
  push_rig rig;
  std::optional<io::lock_set> held;
  rig.background = [&] {
    auto taken = io::lock_set::acquire(rig.locks("2-00000002"));
    REQUIRE(taken);
    held = std::move(*taken);
  };
  rig.meanwhile = [&] {
    if (rig.clock.passed() > std::chrono::seconds(30))
      rig.answer(rig_wal + ".ok", "");
  };
  REQUIRE(rig.push());
  CHECK(rig.started.size() == 1);
}

TEST_CASE("push wait: a background process that is killed is followed by another one") {
  push_rig rig;
  rig.background = [&] {
    if (rig.started.size() == 3)
      rig.answer(rig_wal + ".ok", "");
  };
  REQUIRE(rig.push());
  CHECK(rig.started.size() == 3);
}

TEST_CASE("push wait: no answer in time") {
  push_rig rig;
  const auto done = rig.push();
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::archive_timeout);
  CHECK(done.failure().message == "unable to push WAL file '" + rig_wal +
                                      "' to the archive asynchronously after 1m second(s)");
  CHECK(done.failure().hint == "check '/log/demo-async.log' for errors.");
  CHECK(rig.clock.passed() >= std::chrono::seconds(60));
  CHECK(rig.clock.passed() < std::chrono::seconds(61));
  CHECK(rig.started.size() < 10);
}

TEST_CASE("push wait: what PostgreSQL does not wait for is archived here") {
  push_rig rig;
  fs::remove(rig.wal + "/archive_status/" + rig_wal + ".ready");
  const auto done = rig.push();
  REQUIRE(done);
  CHECK(*done == 7);
  CHECK(rig.done_here == 1);
  CHECK(rig.started.empty());
}

TEST_CASE("push wait: a spool that is none is said at once") {
  push_rig rig;
  fs::create_directories(rig.place / "spool/archive/demo");
  put(rig.spool, "a file");
  const auto done = rig.push();
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::path_open);
  CHECK(rig.started.empty());
}

TEST_CASE("push wait: a spool that others may write decides nothing") {
  hostile("modes, owners and directories of others");
  push_rig rig;
  rig.answer(rig_wal + ".ok", "");
  fs::permissions(rig.spool, fs::perms(0777));
  const auto done = rig.push();
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::file_mode);
}
