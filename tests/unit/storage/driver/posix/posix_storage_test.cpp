// What only a real file system can show.
// SPDX-License-Identifier: MIT
#include "tests/hostile.hpp"
#include "tests/unit/storage/rigs.hpp"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

/// Becomes somebody without rights for as long as it lives; only root can.
class nobody {
public:
  nobody() : is_(::geteuid() == 0 && ::seteuid(65534) == 0) {}
  ~nobody() {
    if (is_)
      CHECK(::seteuid(0) == 0);
  }
  nobody(const nobody&) = delete;
  nobody& operator=(const nobody&) = delete;

private:
  bool is_;
};

} // namespace

TEST_CASE("posix storage: special files are told apart and never block") {
  const scratch here;
  auto repo = make_posix_storage(here.text() + "//");
  CHECK(repo->root() == here.text());
  REQUIRE(::mkfifo((here / "fifo").c_str(), 0600) == 0);
  const io::unique_fd server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  (here / "socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  auto all = repo->list("");
  REQUIRE(all);
  REQUIRE((*all)->size() == 2);
  for (const auto& one : **all)
    CHECK(one.info.kind == entry_kind::special);
  for (const auto* name : {"fifo", "socket"}) {
    CAPTURE(name);
    auto read = repo->open_read(name);
    REQUIRE_FALSE(read);
    CHECK(read.failure().code == errc::file_open);
    auto write = repo->open_write(name, {.how = publish::in_place});
    REQUIRE_FALSE(write);
    CHECK(write.failure().code == errc::file_open);
    std::vector<small_read> files = {{.path = name, .limit_bytes = 10}};
    repo->read_small(files, nullptr);
    CHECK(files[0].failure);
  }
  CHECK(repo->remove_tree(""));
  CHECK_FALSE(std::filesystem::exists(here.text()));
}

TEST_CASE("posix storage: the root may be a link, and missing parents are made exactly") {
  const scratch here;
  const auto before = ::umask(0077);
  std::filesystem::create_directory(here / "real");
  ::symlink("real", (here / "link").c_str());
  auto linked = make_posix_storage(here / "link");
  CHECK(write_all(*linked, "f", "x"));
  CHECK(get(here / "real/f") == "x");
  auto deep = make_posix_storage(here / "x/y/z");
  CHECK(write_all(*deep, "a/f", "x", {.path_mode = 0755}));
  ::umask(before);
  for (const auto* made : {"x", "x/y", "x/y/z", "x/y/z/a"}) {
    struct stat found = {};
    REQUIRE(::stat((here / made).c_str(), &found) == 0);
    CHECK((found.st_mode & 07777) == 0755);
  }
}

TEST_CASE("posix storage: a root that was removed and made again is found again") {
  const scratch here;
  auto repo = make_posix_storage(here / "root");
  REQUIRE(write_all(*repo, "f", "1"));
  std::filesystem::remove_all(here / "root");
  CHECK_FALSE(repo->info("f")->has_value());
  REQUIRE(write_all(*repo, "g", "2"));
  CHECK(get(here / "root/g") == "2");
}

TEST_CASE("posix storage: removal stays inside, whatever links say") {
  hostile("links that lead elsewhere", 2);
  const scratch here;
  put(here / "precious", "x");
  auto repo = make_posix_storage(here / "root");
  REQUIRE(repo->make_path("a/b"));
  ::symlink("../../..", (here / "root/a/b/up").c_str());
  ::symlink((here / "precious").c_str(), (here / "root/a/b/file").c_str());
  std::string deep = "a";
  for (int i = 0; i < 100; ++i)
    deep += "/d";
  REQUIRE(repo->make_path(deep));
  CHECK(repo->remove_tree("a"));
  CHECK(names_of(*repo, "").empty());
  CHECK(get(here / "precious") == "x");
}

TEST_CASE("posix storage: no permission is an error with the right code") {
  const scratch here;
  REQUIRE(::chmod(here.text().c_str(), 0755) == 0);
  auto setup = make_posix_storage(here / "root");
  REQUIRE(write_all(*setup, "p/f", "x", {.mode = 0600, .path_mode = 0755}));
  REQUIRE(setup->make_path("closed/q", 0700));
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root to become somebody else");
    return;
  }
  const nobody now;
  auto repo = make_posix_storage(here / "root");
  const auto code = [](const auto& what) {
    REQUIRE_FALSE(what);
    CHECK(what.failure().message.find("Permission denied") != std::string::npos);
    return what.failure().code;
  };
  CHECK(code(repo->open_read("p/f")) == errc::file_open);
  CHECK(code(repo->open_write("p/f", {.how = publish::in_place})) == errc::file_open);
  CHECK(code(repo->open_write("p/g")) == errc::file_open);
  CHECK(code(repo->list("closed")) == errc::path_open);
  CHECK(code(repo->info("closed/q")) == errc::file_open);
  CHECK(code(repo->make_path("p/q")) == errc::path_create);
  CHECK(code(repo->remove_file("p/f")) == errc::file_remove);
  CHECK(code(repo->remove_tree("p")) == errc::path_remove);
  CHECK(code(repo->move("p/f", "p/g")) == errc::file_move);
  auto owner = repo->set_attributes("p/f", {.uid = 0});
  REQUIRE_FALSE(owner);
  CHECK(owner.failure().code == errc::file_owner);
  auto nowhere = make_posix_storage(here / "closed2/root");
  CHECK(code(nowhere->make_path("")) == errc::path_create);
}

TEST_CASE("posix storage: owner and mode are set as asked, set-uid bits too") {
  const scratch here;
  if (::geteuid() != 0) {
    MESSAGE("skipped: changing owners needs root");
    return;
  }
  auto repo = make_posix_storage(here / "root");
  REQUIRE(write_all(*repo, "f", "x", {.mode = 04755, .uid = 12345, .gid = 54321}));
  auto info = **repo->info("f");
  CHECK(info.uid == 12345);
  CHECK(info.gid == 54321);
  CHECK(info.mode == 04755);
  REQUIRE(repo->make_symlink("link", "f"));
  REQUIRE(repo->set_attributes("link", {.mode = 0600, .uid = 7, .mtime_s = 99}));
  CHECK((**repo->info("link")).uid == 7);
  CHECK((**repo->info("link")).mtime_s == 99);
  CHECK((**repo->info("f")).uid == 12345);
  CHECK((**repo->info("f")).mode == 04755);
}

TEST_CASE("posix storage: a full disk says how much is free and missing") {
  const scratch here;
  if (::mount("tmpfs", here.text().c_str(), "tmpfs", 0, "size=1m") != 0) {
    MESSAGE("skipped: mounting a tmpfs needs root");
    return;
  }
  auto repo = make_posix_storage(here / "root");
  auto full = write_all(*repo, "f", noise(2 << 20), {.size_hint_bytes = 2 << 20});
  const auto left = repo->list("");
  ::umount2(here.text().c_str(), MNT_DETACH);
  REQUIRE_FALSE(full);
  CHECK(full.failure().code == errc::file_write);
  CHECK(full.failure().hint.find("bytes free there.\nAbout ") != std::string::npos);
  CHECK((*left)->empty());
}
