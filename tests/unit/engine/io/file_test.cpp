// Writing and reading local files, with and without an engine.
// SPDX-License-Identifier: MIT
#include "engine/io/file_reader.hpp"
#include "engine/io/file_writer.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

constexpr size_t mib = 1024 * 1024;

struct no_backend {};

template <class Backend>
std::unique_ptr<io::io_engine> engine_of(const io::io_limits& limits = {}) {
  if constexpr (std::is_same_v<Backend, no_backend>)
    return nullptr;
  else
    return make_engine(Backend::mode, limits);
}

result<std::unique_ptr<io::writer>> create(const scratch& in, const std::string& name,
                                           const io::file_write_options& options) {
  return io::open_file_writer({in.open(), name, in / name}, options);
}

result<std::unique_ptr<io::reader>> open(const std::string& path,
                                         const io::file_read_options& options) {
  return io::open_file_reader(io::unique_fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path,
                              options);
}

/// Writes in pieces of an odd size, so that slabs and pieces never meet.
void write_pieces(io::writer& to, std::string_view content, size_t piece_bytes) {
  for (size_t at = 0; at < content.size(); at += piece_bytes)
    REQUIRE(to.write(as_bytes(content.substr(at, piece_bytes))));
}

std::string read_pieces(io::reader& from, size_t piece_bytes) {
  std::string all;
  std::string piece(piece_bytes, '\0');
  while (true) {
    auto got = from.read(std::as_writable_bytes(std::span(piece)));
    if (!got)
      FAIL(got.failure().message);
    all.append(piece, 0, *got);
    if (*got == 0)
      return all;
  }
}

uint32_t mode_of(const std::string& path) {
  struct stat found = {};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

} // namespace

TEST_CASE_TEMPLATE("file writer", backend, no_backend, uring_backend, threads_backend) {
  auto engine = engine_of<backend>({.write_slabs = 3});
  if (!engine && !std::is_same_v<backend, no_backend>)
    return;
  const scratch here;

  SUBCASE("keeps every size and byte") {
    const std::vector<size_t> sizes = {0, 1, 4096, mib, mib + 1, 2 * mib + 7, 4 * mib + 4096};
    for (const auto size : sizes)
      for (const bool atomic : {true, false}) {
        const auto content = noise(size);
        auto file = create(here, "f",
                           {.atomic = atomic,
                            .engine = engine.get(),
                            .size_hint_bytes = std::max<size_t>(size, 2 * mib)});
        REQUIRE(file);
        write_pieces(**file, content, 700001);
        REQUIRE(io::commit(**file));
        CHECK(std::filesystem::file_size(here / "f") == size);
        CHECK(get(here / "f") == content);
      }
    CHECK(here.names() == std::vector<std::string>{"f"});
  }
  SUBCASE("a wrong size hint does not matter") {
    const auto content = noise(3 * mib + 5);
    for (const uint64_t hint : {uint64_t{0}, uint64_t{1} << 40}) {
      auto file = create(here, "f", {.engine = engine.get(), .size_hint_bytes = hint});
      REQUIRE(file);
      write_pieces(**file, content, mib);
      REQUIRE(io::commit(**file));
      CHECK(get(here / "f") == content);
    }
  }
  SUBCASE("many files share few slabs without waiting for each other forever") {
    const auto content = noise(2 * mib + 11);
    std::vector<std::unique_ptr<io::writer>> files;
    for (int i = 0; i < 5; ++i) {
      auto file = create(here, "f" + std::to_string(i),
                         {.engine = engine.get(), .size_hint_bytes = content.size()});
      REQUIRE(file);
      files.push_back(std::move(*file));
    }
    for (size_t at = 0; at < content.size(); at += 300000)
      for (auto& file : files)
        REQUIRE(file->write(as_bytes(std::string_view(content).substr(at, 300000))));
    for (auto& file : files)
      REQUIRE(file->begin_commit());
    size_t done = 0;
    for (bool wait = false; done < files.size(); wait = true) {
      done = 0;
      for (auto& file : files) {
        auto answer = file->committed(wait);
        REQUIRE(answer);
        done += *answer;
      }
    }
    for (int i = 0; i < 5; ++i)
      CHECK(get(here / ("f" + std::to_string(i))) == content);
  }
  SUBCASE("an atomic file appears only when it is committed") {
    put(here / "f", "old");
    {
      auto file = create(here, "f", {.engine = engine.get()});
      REQUIRE(file);
      REQUIRE((*file)->write(as_bytes("new")));
      REQUIRE(here.names().size() == 2);
      const auto written = here.names().back();
      CHECK(written.starts_with("f."));
      CHECK(written.ends_with(io::temporary_suffix));
      CHECK(get(here / "f") == "old");
      REQUIRE((*file)->begin_commit());
      while (true) {
        auto done = (*file)->committed(false);
        REQUIRE(done);
        if (*done)
          break;
      }
    }
    CHECK(get(here / "f") == "new");
    CHECK(here.names() == std::vector<std::string>{"f"});
  }
  SUBCASE("destroyed before its commit it leaves nothing") {
    for (const size_t size : {size_t{10}, 6 * mib + 1}) {
      auto file = create(here, "f", {.engine = engine.get(), .size_hint_bytes = size});
      REQUIRE(file);
      write_pieces(**file, noise(size), mib);
      if (size > mib)
        REQUIRE((*file)->begin_commit());
      file->reset();
      CHECK(here.names().empty());
    }
  }
  SUBCASE("mode and time are exact, whatever the umask") {
    const auto before = ::umask(0077);
    for (const bool atomic : {true, false}) {
      auto file =
          create(here, "f",
                 {.atomic = atomic, .mode = 0666, .mtime_s = 1234567890, .engine = engine.get()});
      REQUIRE(file);
      REQUIRE((*file)->write(as_bytes("x")));
      REQUIRE(io::commit(**file));
      CHECK(mode_of(here / "f") == 0666);
      struct stat found = {};
      ::stat((here / "f").c_str(), &found);
      CHECK(found.st_mtim.tv_sec == 1234567890);
    }
    ::umask(before);
  }
  SUBCASE("two writers of one name do not see each other, and both succeed") {
    auto one = create(here, "f", {.engine = engine.get()});
    auto other = create(here, "f", {.engine = engine.get()});
    REQUIRE(one);
    REQUIRE(other);
    CHECK(here.names().size() == 2);
    REQUIRE((*one)->write(as_bytes("first and long")));
    REQUIRE((*other)->write(as_bytes("sec")));
    REQUIRE(io::commit(**one));
    CHECK(get(here / "f") == "first and long");
    REQUIRE((*other)->write(as_bytes("ond")));
    REQUIRE(io::commit(**other));
    CHECK(get(here / "f") == "second");
    CHECK(here.names() == std::vector<std::string>{"f"});
  }
  SUBCASE("where the newest wins, an older writer can publish nothing any more") {
    const io::file_write_options how{.newest_wins = true, .engine = engine.get()};
    auto old = create(here, "f", how);
    REQUIRE(old);
    REQUIRE((*old)->write(as_bytes("old")));
    auto fresh = create(here, "f", how);
    REQUIRE(fresh);
    CHECK(here.names() == std::vector<std::string>{"f.pgbackrest.tmp"});
    REQUIRE((*fresh)->write(as_bytes("new")));
    const auto refused = io::commit(**old);
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().code == errc::file_move);
    old->reset();
    REQUIRE(io::commit(**fresh));
    CHECK(get(here / "f") == "new");
    CHECK(here.names() == std::vector<std::string>{"f"});
  }
  SUBCASE("replaces a stale temporary file, and cuts an old one in place") {
    put(here / "f.pgbackrest.tmp", "stale and long");
    put(here / "g", "old and long");
    for (const auto& [name, atomic] : {std::pair("f", true), std::pair("g", false)}) {
      auto file =
          create(here, name, {.atomic = atomic, .newest_wins = atomic, .engine = engine.get()});
      REQUIRE(file);
      REQUIRE((*file)->write(as_bytes("new")));
      REQUIRE(io::commit(**file));
      CHECK(get(here / name) == "new");
    }
    CHECK(here.names() == std::vector<std::string>{"f", "g"});
  }
  SUBCASE("writing in place does not reach through a hard link") {
    put(here / "kept", "old");
    REQUIRE(::link((here / "kept").c_str(), (here / "f").c_str()) == 0);
    auto file = create(here, "f", {.atomic = false, .engine = engine.get()});
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes("new")));
    REQUIRE(io::commit(**file));
    CHECK(get(here / "kept") == "old");
    CHECK(get(here / "f") == "new");
  }
  SUBCASE("notices that its temporary file was replaced") {
    auto file = create(here, "f", {.engine = engine.get()});
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes("mine")));
    REQUIRE(here.names().size() == 1);
    const auto written = here.names().front();
    std::filesystem::remove(here / written);
    put(here / written, "theirs");
    auto done = io::commit(**file);
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::file_move);
    file->reset();
    CHECK(here.names() == std::vector<std::string>{written});
  }
  SUBCASE("refuses links, fifos and paths") {
    ::symlink("/dev/null", (here / "link").c_str());
    ::mkfifo((here / "fifo").c_str(), 0600);
    ::mkdir((here / "path").c_str(), 0700);
    const auto failure = [&](const std::string& name, bool atomic) {
      auto file = create(here, name, {.atomic = atomic, .engine = engine.get()});
      REQUIRE_FALSE(file);
      return file.failure().code;
    };
    CHECK(failure("link", false) == errc::link_destination);
    CHECK(failure("fifo", false) == errc::file_open);
    CHECK(failure("path", false) == errc::file_open);
    CHECK(failure(std::string(250, 'n'), true) == errc::file_open); // too long with its suffix
  }
}

TEST_CASE_TEMPLATE("file writer: what is synced later is not synced by itself", backend, no_backend,
                   uring_backend, threads_backend) {
  auto engine = engine_of<backend>();
  if (!engine && !std::is_same_v<backend, no_backend>)
    return;
  const scratch here;
  const auto later = io::file_system_sync::begin(here.open());
  if (!later)
    return; // not on this file system
  struct stat found = {};
  REQUIRE(::stat(here.text().c_str(), &found) == 0);
  CHECK(later->covers(found.st_dev));
  CHECK(!later->covers(found.st_dev + 1));
  for (const bool atomic : {false, true}) {
    auto file = create(here, "f", {.atomic = atomic, .later = &*later, .engine = engine.get()});
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes("content")));
    REQUIRE((*file)->begin_commit());
    if (engine && !atomic)
      CHECK(engine->in_flight() == 0);
    const auto done = (*file)->committed(false);
    REQUIRE(done);
    CHECK(*done);
    CHECK(get(here / "f") == "content");
  }
  CHECK(later->finish() == 0);
  CHECK(!io::file_system_sync::begin(io::unique_fd(::open("/proc", O_RDONLY | O_DIRECTORY))));
}

TEST_CASE("file writer: right modes and owners are left, others set") {
  const scratch here;
  for (const uint32_t mode : {0600U, 0640U, 0444U}) {
    for (int again = 0; again < 2; ++again) {
      auto file = create(here, "f",
                         {.atomic = false, .mode = mode, .uid = ::geteuid(), .gid = ::getegid()});
      REQUIRE(file);
      REQUIRE(io::commit(**file));
      CHECK(mode_of(here / "f") == mode);
    }
  }
}

TEST_CASE_TEMPLATE("file writer: a full disk stops it at once and says what is missing", backend,
                   no_backend, uring_backend, threads_backend) {
  auto engine = engine_of<backend>();
  if (!engine && !std::is_same_v<backend, no_backend>)
    return;
  const scratch here;
  const auto at = here.text();
  if (::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=3m") != 0) {
    MESSAGE("skipped: mounting a tmpfs needs root");
    return;
  }
  const auto unmount = [](const std::string* path) { ::umount2(path->c_str(), MNT_DETACH); };
  const std::unique_ptr<const std::string, decltype(unmount)> mounted(&at, unmount);
  {
    auto file = create(here, "f", {.engine = engine.get(), .size_hint_bytes = 100 * mib});
    REQUIRE(file);
    const auto content = noise(mib);
    result<void> put = success();
    size_t pieces = 0;
    for (; put && pieces < 100; ++pieces)
      put = (*file)->write(as_bytes(content));
    REQUIRE_FALSE(put);
    CHECK(pieces < 20);
    CHECK(put.failure().code == errc::file_write);
    CHECK(put.failure().message.find("No space left") != std::string::npos);
    CHECK(put.failure().hint.find("bytes free") != std::string::npos);
    CHECK(put.failure().hint.find("more bytes were needed") != std::string::npos);
    CHECK_FALSE((*file)->write(as_bytes(content))); // and stays failed
    CHECK_FALSE((*file)->begin_commit());
  }
  CHECK(here.names().empty());
}

TEST_CASE_TEMPLATE("file reader", backend, no_backend, uring_backend, threads_backend) {
  auto engine = engine_of<backend>({.read_slabs = 4});
  if (!engine && !std::is_same_v<backend, no_backend>)
    return;
  const scratch here;

  SUBCASE("gives every size, warm and cold") {
    for (const size_t size :
         {size_t{0}, size_t{1}, mib, mib + 1, 2 * mib, 3 * mib + 4095, 5 * mib + 1}) {
      const auto content = noise(size);
      put(here / "f", content);
      for (const bool cold : {false, true}) {
        if (cold)
          chill(here / "f");
        auto file = open(here / "f", {.engine = engine.get()});
        REQUIRE(file);
        CHECK(read_pieces(**file, 300007) == content);
      }
    }
  }
  SUBCASE("honours offset and limit, wherever they fall") {
    const auto content = noise(6 * mib + 3);
    put(here / "f", content);
    for (const size_t offset : {size_t{0}, size_t{1}, size_t{4096}, mib + 13, 6 * mib + 3, 9 * mib})
      for (const size_t limit : {size_t{0}, size_t{10}, mib + 1, 3 * mib + 5, 50 * mib}) {
        chill(here / "f");
        auto file = open(here / "f",
                         {.offset_bytes = offset, .limit_bytes = limit, .engine = engine.get()});
        REQUIRE(file);
        const auto expected = offset > content.size() ? "" : content.substr(offset, limit);
        CHECK(read_pieces(**file, mib) == expected);
      }
  }
  SUBCASE("reads elsewhere without moving") {
    const auto content = noise(5 * mib + 100);
    put(here / "f", content);
    chill(here / "f");
    auto file = open(here / "f", {.limit_bytes = 4 * mib, .engine = engine.get()});
    REQUIRE(file);
    std::string room(8192, '\0');
    const auto out = std::as_writable_bytes(std::span(room));
    REQUIRE(*(*file)->read(out) == 8192);
    for (const size_t at : {size_t{0}, size_t{8192}, size_t{12345}, 4 * mib + 1}) {
      REQUIRE(*(*file)->read_at(out, at) == 8192);
      CHECK(room == content.substr(at, 8192));
    }
    CHECK(*(*file)->read_at(out, content.size() - 10) == 10);
    CHECK(*(*file)->read_at(out, content.size() + 10) == 0);
    CHECK(*(*file)->read_at(out, ~uint64_t{0}) == 0);
    CHECK(read_pieces(**file, mib) == content.substr(8192, 4 * mib - 8192));
  }
  SUBCASE("a file that shrinks ends early, one that grows goes on") {
    const auto content = noise(5 * mib);
    for (const bool grows : {false, true}) {
      put(here / "f", content);
      chill(here / "f");
      auto file = open(here / "f", {.engine = engine.get()});
      REQUIRE(file);
      std::string room(1000, '\0');
      REQUIRE(*(*file)->read(std::as_writable_bytes(std::span(room))) == 1000);
      if (grows)
        std::ofstream(here / "f", std::ios::app) << "more";
      else
        std::filesystem::resize_file(here / "f", 4 * mib + 17);
      const auto rest = read_pieces(**file, mib);
      if (grows) {
        CHECK(rest == content.substr(1000) + "more");
      } else {
        CHECK(rest.size() <= 5 * mib);
        CHECK(rest.size() >= 2 * mib - 1000);
      }
    }
  }
  SUBCASE("many cold files share few slabs") {
    const auto content = noise(3 * mib + 1);
    std::vector<std::unique_ptr<io::reader>> files;
    for (int i = 0; i < 6; ++i) {
      const auto path = here / ("f" + std::to_string(i));
      put(path, content);
      chill(path);
      auto file = open(path, {.engine = engine.get()});
      REQUIRE(file);
      files.push_back(std::move(*file));
    }
    std::vector<std::string> got(files.size());
    std::string room(mib / 2, '\0');
    for (size_t round = 0; round < 8; ++round)
      for (size_t i = 0; i < files.size(); ++i)
        got[i].append(room, 0, *files[i]->read(std::as_writable_bytes(std::span(room))));
    for (const auto& one : got)
      CHECK(one == content);
  }
  SUBCASE("takes regular files only") {
    auto file = open("/dev/zero", {.engine = engine.get()});
    REQUIRE_FALSE(file);
    CHECK(file.failure().code == errc::file_open);
    auto path = open(here.text(), {.engine = engine.get()});
    CHECK_FALSE(path);
  }
}
