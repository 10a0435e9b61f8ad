// Batches of small files, warm and cold.
// SPDX-License-Identifier: MIT
#include "engine/io/small_files.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

/// Answers every read with the first half of the file, as a kernel may that has only half at hand.
class half_engine final : public io::io_engine {
public:
  explicit half_engine(std::string folder) : io_engine({}), folder_(std::move(folder)) {}
  std::string describe() const override { return "half"; }
  io::io_mode mode() const override { return io::io_mode::threads; }
  bool reads_files() const override { return true; }
  size_t asked = 0;

private:
  void start(io::io_operation& what) override { queued_.push_back(&what); }
  void flush() override {}
  void reap(bool) override {
    for (auto* one : std::exchange(queued_, {})) {
      const auto content = get(folder_ + "/" + one->path);
      const auto half = std::min(one->length_bytes, content.size() / 2);
      std::memcpy(one->data, content.data(), half);
      ++asked;
      finish(*one, static_cast<int64_t>(half));
    }
  }

  std::string folder_;
  std::vector<io::io_operation*> queued_;
};

} // namespace

TEST_CASE("small files: what came short is read again to its end") {
  const scratch here;
  const auto directory = here.open();
  constexpr size_t size = 24 << 10;
  const std::array<std::string, 3> names = {"a", "b", "c"};
  for (unsigned i = 0; i < names.size(); ++i)
    put(here / names[i], noise(size, i));
  chill(here / names[0]);

  half_engine engine(here.text());
  std::vector<std::string> rooms(names.size(), std::string(size + 1, '\0'));
  std::vector<io::small_file> batch;
  for (size_t i = 0; i < names.size(); ++i)
    batch.push_back({names[i].c_str(), std::as_writable_bytes(std::span(rooms[i]))});
  io::read_small_files(directory.get(), batch, &engine);
  if (engine.asked == 0)
    MESSAGE("this file system is never cold: the engine was not asked");
  for (unsigned i = 0; i < names.size(); ++i) {
    CHECK(batch[i].outcome == static_cast<int64_t>(size));
    CHECK(rooms[i].substr(0, size) == noise(size, i));
  }
}

TEST_CASE("small files: one that does not say its size is read to its end all the same") {
  const io::unique_fd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(proc);
  std::string room(100'000, '\0');
  const auto got =
      io::read_beginning(proc.get(), "cpuinfo", std::as_writable_bytes(std::span(room)));
  REQUIRE(got > 0);
  std::ifstream same("/proc/cpuinfo");
  std::string line;
  std::getline(same, line);
  CHECK(room.starts_with(line + "\n"));
  CHECK(room[static_cast<size_t>(got) - 1] == '\n');
}

TEST_CASE_TEMPLATE("small files", backend, uring_backend, threads_backend) {
  auto engine = make_engine(backend::mode, {.depth = 8});
  if (!engine)
    return;
  const scratch here;
  const auto directory = here.open();
  constexpr size_t count = 40;
  std::vector<std::string> names;
  for (unsigned i = 0; i < count; ++i) {
    names.push_back("f" + std::to_string(i));
    put(here / names.back(), noise(1 + i * 100, i));
  }
  put(here / "empty", "");
  ::symlink("f1", (here / "link").c_str());
  ::mkfifo((here / "fifo").c_str(), 0600);
  ::mkdir((here / "path").c_str(), 0700);
  for (const auto* odd : {"empty", "link", "fifo", "path", "missing"})
    names.push_back(odd);

  for (const bool cold : {false, true}) {
    CAPTURE(cold);
    if (cold)
      for (unsigned i = 0; i < count; ++i)
        chill(here / names[i]);
    std::vector<std::string> rooms(names.size(), std::string(5000, '\0'));
    std::vector<io::small_file> batch;
    for (size_t i = 0; i < names.size(); ++i)
      batch.push_back({names[i].c_str(), std::as_writable_bytes(std::span(rooms[i]))});
    io::read_small_files(directory.get(), batch, engine.get());
    for (unsigned i = 0; i < count; ++i) {
      const auto expected = noise(1 + i * 100, i).substr(0, 5000);
      REQUIRE(batch[i].outcome == static_cast<int64_t>(expected.size()));
      CHECK(rooms[i].substr(0, expected.size()) == expected);
    }
    CHECK(batch[count].outcome == 0);
    CHECK(batch[count + 1].outcome == -ELOOP);
    CHECK(batch[count + 2].outcome == -EINVAL);
    CHECK(batch[count + 3].outcome == -EINVAL);
    CHECK(batch[count + 4].outcome == -ENOENT);
  }
  io::read_small_files(directory.get(), {}, engine.get());
}
