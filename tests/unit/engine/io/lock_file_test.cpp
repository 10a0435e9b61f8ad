// Locks between commands, and stop files.
// SPDX-License-Identifier: MIT
#include "engine/base/exit_locks.hpp"
#include "engine/io/label_note.hpp"
#include "engine/io/lock_file.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>

using namespace pgbraid;
using namespace pgbraid::test;
using io::lock_set;

namespace {

io::lock_request request(const scratch& in, std::vector<unsigned> keys = {1}) {
  const auto exec_id = io::make_exec_id();
  return {.lock_path = in / "a/b",
          .stanza = "main",
          .type = "backup",
          .repo_keys = std::move(keys),
          .exec_id = exec_id,
          .content = "{\"execId\":\"" + exec_id + "\",\"pid\":4711}"};
}

} // namespace

TEST_CASE("exec id: process, dash, eight hex digits") {
  const auto id = io::make_exec_id();
  const auto dash = id.find('-');
  CHECK(id.substr(0, dash) == std::to_string(::getpid()));
  REQUIRE(id.size() == dash + 9);
  CHECK(id.find_first_not_of("0123456789abcdef", dash + 1) == std::string::npos);
  CHECK(id != io::make_exec_id());
}

TEST_CASE("lock: is held until it is released, then its files are gone") {
  const scratch here;
  const auto ours = request(here, {1, 3});
  {
    auto held = lock_set::acquire(ours);
    REQUIRE(held);
    CHECK(get(here / "a/b/main-backup-1.lock") == ours.content);
    CHECK(get(here / "a/b/main-backup-3.lock") == ours.content);
    struct stat found = {};
    ::stat((here / "a/b").c_str(), &found);
    CHECK((found.st_mode & 07777) == 0750);
    ::stat((here / "a/b/main-backup-1.lock").c_str(), &found);
    CHECK((found.st_mode & 07777) == 0640);

    auto other = lock_set::acquire(request(here, {2, 3}));
    REQUIRE_FALSE(other);
    CHECK(other.failure().code == errc::lock_acquire);
    CHECK(other.failure().message.find("unable to acquire lock on file '") == 0);
    CHECK(other.failure().message.find("main-backup-3.lock") != std::string::npos);
    CHECK(other.failure().message.find("Resource temporarily unavailable") != std::string::npos);
    CHECK(other.failure().hint.find("4711") != std::string::npos);
    // What it had taken by then is free again.
    CHECK_FALSE(std::filesystem::exists(here / "a/b/main-backup-2.lock"));

    REQUIRE(held->write("short"));
    CHECK(get(here / "a/b/main-backup-1.lock") == "short");
  }
  CHECK(std::filesystem::is_empty(here / "a/b"));
  CHECK(lock_set::acquire(request(here, {3})));
}

TEST_CASE("lock: only the holder's own id opens it, not what stands there besides") {
  const scratch here;
  auto holder = request(here);
  holder.exec_id = "4711-0123abcd";
  holder.content = R"({"name":"\"execId\":\"1-00000000\"","execId":"4711-0123abcd","pid":815})";
  auto held = lock_set::acquire(holder);
  REQUIRE(held);
  for (const auto* id : {"4711", "1", "-", "execId", "\"", "pid", "815", "0123abcd", "1-00000000",
                         "711-0123abcd", "4711-0123abc", "{", ":", "name", "4711-0123abcd\""}) {
    hostile("words of a client's command line");
    CAPTURE(id);
    auto other = request(here);
    other.exec_id = id;
    CHECK_FALSE(lock_set::acquire(other));
  }
  CHECK(lock_set::acquire(holder));
  REQUIRE(held->write("815\n4711-0123abcd\n")); // as it was before 2.39
  CHECK(lock_set::acquire(holder));
  holder.exec_id = "815";
  CHECK_FALSE(lock_set::acquire(holder));
}

TEST_CASE("lock: other repositories do not exclude each other") {
  const scratch here;
  auto first = lock_set::acquire(request(here, {1}));
  auto second = lock_set::acquire(request(here, {2}));
  REQUIRE(first);
  REQUIRE(second);
  // The file that old versions lock is held as long as one of us lives.
  const auto old = here / "a/b/main-backup.lock";
  const auto old_version_locks = [&] {
    const io::unique_fd fd(::open(old.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
  };
  CHECK_FALSE(old_version_locks());
  first->release();
  CHECK_FALSE(old_version_locks());
  second->release();
  CHECK_FALSE(std::filesystem::exists(old));
  CHECK(old_version_locks());

  const io::unique_fd fd(::open(old.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  REQUIRE(::flock(fd.get(), LOCK_EX | LOCK_NB) == 0);
  CHECK_FALSE(lock_set::acquire(request(here)));
  auto alone = request(here);
  alone.exclude_old_versions = false;
  CHECK(lock_set::acquire(alone));
}

TEST_CASE("lock: one held under our own exec id counts as taken and stays theirs") {
  const scratch here;
  const auto ours = request(here);
  auto parent = lock_set::acquire(ours);
  REQUIRE(parent);
  {
    auto child = ours;
    child.content = "other";
    auto same = lock_set::acquire(child);
    REQUIRE(same);
    CHECK(get(here / "a/b/main-backup-1.lock") == ours.content);
    REQUIRE(same->write("nothing"));
  }
  CHECK(std::filesystem::exists(here / "a/b/main-backup-1.lock"));
  CHECK(get(here / "a/b/main-backup-1.lock") == ours.content);
  // Versions before 2.39 wrote two lines.
  REQUIRE(parent->write("20362\n20362-55177406\n"));
  auto old = ours;
  old.exec_id = "20362-55177406";
  CHECK(lock_set::acquire(old));
  auto stranger = lock_set::acquire(request(here));
  REQUIRE_FALSE(stranger);
  CHECK(stranger.failure().hint.find("20362") != std::string::npos);
}

TEST_CASE("lock: a file left over without its flock is stale") {
  const scratch here;
  std::filesystem::create_directories(here / "a/b");
  put(here / "a/b/main-backup-1.lock", "{\"execId\":\"1-00000000\",\"pid\":1}");
  auto none = io::lock_holder(here / "a/b", "main", "backup", 1);
  REQUIRE(none);
  CHECK_FALSE(none->has_value());
  const auto ours = request(here);
  auto held = lock_set::acquire(ours);
  REQUIRE(held);
  auto holder = io::lock_holder(here / "a/b", "main", "backup", 1);
  REQUIRE(holder);
  CHECK(*holder == ours.content);
  auto missing = io::lock_holder(here / "a/b", "main", "backup", 2);
  REQUIRE(missing);
  CHECK_FALSE(missing->has_value());
}

TEST_CASE("lock: a process that a signal ends takes its files along, not those of others") {
  const scratch here;
  std::array<int, 2> held = {};
  std::array<int, 2> over = {};
  REQUIRE(::pipe(held.data()) == 0);
  REQUIRE(::pipe(over.data()) == 0);
  char letter = 'x';
  const pid_t other = ::fork();
  REQUIRE(other >= 0);
  if (other == 0) {
    ::close(over[1]);
    const auto theirs = lock_set::acquire(request(here, {2}));
    letter = theirs ? 'y' : 'n';
    const bool told = ::write(held[1], &letter, 1) == 1;
    ::_exit(told && ::read(over[0], &letter, 1) == 0 ? 0 : 1);
  }
  REQUIRE(::read(held[0], &letter, 1) == 1);
  REQUIRE(letter == 'y');
  const auto ours = lock_set::acquire(request(here, {1}));
  const auto more = lock_set::acquire(request(here, {3}));
  REQUIRE(ours);
  REQUIRE(more);
  remove_exit_locks(); // as the handler does
  CHECK_FALSE(std::filesystem::exists(here / "a/b/main-backup-1.lock"));
  CHECK_FALSE(std::filesystem::exists(here / "a/b/main-backup-3.lock"));
  CHECK(std::filesystem::exists(here / "a/b/main-backup-2.lock"));
  CHECK(std::filesystem::exists(here / "a/b/main-backup.lock"));
  for (const int fd : {over[1], over[0], held[0], held[1]})
    ::close(fd);
  int status = 0;
  CHECK(::waitpid(other, &status, 0) == other);
  CHECK(status == 0);
  // Now we are the last that hold the file of old versions, by two descriptors.
  const auto again = lock_set::acquire(request(here, {4}));
  const auto third = lock_set::acquire(request(here, {5}));
  REQUIRE(again);
  REQUIRE(third);
  remove_exit_locks();
  CHECK_FALSE(std::filesystem::exists(here / "a/b/main-backup.lock"));
}

TEST_CASE("lock: odd paths are errors, not crashes") {
  hostile("links that lead elsewhere");
  const scratch here;
  auto wanted = request(here);
  wanted.lock_path = "/proc/nowhere/deep";
  auto nowhere = lock_set::acquire(wanted);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.failure().code == errc::path_create);

  wanted = request(here);
  std::filesystem::create_directories(here / "a/b");
  ::symlink("/etc/passwd", (here / "a/b/main-backup-1.lock").c_str());
  auto linked = lock_set::acquire(wanted);
  REQUIRE_FALSE(linked);
  CHECK(linked.failure().code == errc::lock_acquire);
  CHECK(linked.failure().hint.find("permission") != std::string::npos);
}

TEST_CASE("lock: a directory that others may change holds no locks") {
  const scratch here;
  auto wanted = request(here);
  REQUIRE(lock_set::acquire(wanted));
  REQUIRE(::chmod(wanted.lock_path.c_str(), 0777) == 0);
  hostile("modes, owners and directories of others", 2);
  auto open_to_all = lock_set::acquire(wanted);
  REQUIRE_FALSE(open_to_all);
  CHECK(open_to_all.failure().code == errc::file_mode);
  CHECK(open_to_all.failure().hint.find("lock-path") != std::string::npos);
  CHECK_FALSE(io::check_stop_files(wanted.lock_path, "main"));
  REQUIRE(::chmod(wanted.lock_path.c_str(), 0770) == 0);
  CHECK(lock_set::acquire(wanted));

  if (::geteuid() != 0) // only root can give a directory away
    return;
  constexpr uid_t stranger = 12345;
  REQUIRE(::chown(wanted.lock_path.c_str(), stranger, 0) == 0);
  hostile("modes, owners and directories of others", 2);
  auto foreign = lock_set::acquire(wanted);
  REQUIRE_FALSE(foreign);
  CHECK(foreign.failure().code == errc::file_owner);
  CHECK_FALSE(io::check_stop_files(wanted.lock_path, "main"));
  CHECK(io::check_stop_files(wanted.lock_path, "main", {stranger}));
  wanted.also_trusted = {stranger};
  CHECK(lock_set::acquire(wanted));
}

TEST_CASE("lock: a file that somebody removed is no lock any more") {
  const scratch here;
  const auto wanted = request(here, {1, 2});
  auto held = lock_set::acquire(wanted);
  REQUIRE(held);
  CHECK(held->check_held());
  const auto path = here / "a/b/main-backup-2.lock";
  REQUIRE(::unlink(path.c_str()) == 0);
  CHECK_FALSE(held->check_held());
  put(path, "another's");
  auto replaced = held->check_held();
  REQUIRE_FALSE(replaced);
  CHECK(replaced.failure().code == errc::lock_acquire);
}

TEST_CASE("lock: the next holder learns which backup was begun under it") {
  const scratch here;
  CHECK(io::noted_label(here.text(), "main", 1).empty());
  REQUIRE(io::note_label(here.text(), "main", 1, "20260102-030405F"));
  REQUIRE(io::note_label(here.text(), "main", 1, "20260203-040506F"));
  CHECK(io::noted_label(here.text(), "main", 1) == "20260203-040506F");
  CHECK(io::noted_label(here.text(), "main", 2).empty());
  CHECK_FALSE(io::note_label(here / "none", "main", 1, "x"));
}

TEST_CASE("stop files: one stanza or all") {
  const scratch here;
  CHECK(io::check_stop_files(here / "none", "main"));
  put(here / "main.stop", "");
  CHECK(io::check_stop_files(here.text(), "other"));
  auto one = io::check_stop_files(here.text(), "main");
  REQUIRE_FALSE(one);
  CHECK(one.failure().code == errc::stop);
  CHECK(one.failure().message == "stop file exists for stanza main");
  put(here / "all.stop", "");
  auto all = io::check_stop_files(here.text(), "other");
  REQUIRE_FALSE(all);
  CHECK(all.failure().message == "stop file exists for all stanzas");
}
