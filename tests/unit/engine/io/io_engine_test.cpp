// The engine on both backends.
// SPDX-License-Identifier: MIT
#include "engine/io/io_engine.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <array>
#include <thread>

using namespace pgbraid;
using namespace pgbraid::test;
using io::io_operation;
using io::io_verb;

namespace {

io_operation op(io_verb verb, int fd, std::string& room, uint64_t offset_bytes = 0) {
  return {.verb = verb,
          .fd = fd,
          .data = reinterpret_cast<std::byte*>(room.data()),
          .length_bytes = room.size(),
          .offset_bytes = offset_bytes};
}

} // namespace

TEST_CASE("io engine: automatic gives an engine and says which") {
  auto engine = io::io_engine::make(io::io_mode::automatic);
  REQUIRE(engine);
  CHECK((*engine)->mode() != io::io_mode::automatic);
  CHECK((*engine)->describe().find("depth 64") != std::string::npos);
  CHECK((*engine)->memory_ceiling_bytes() == uint64_t{20} * 1024 * 1024);
}

TEST_CASE_TEMPLATE("io engine", backend, uring_backend, threads_backend) {
  auto engine = make_engine(backend::mode, {.depth = 4, .write_slabs = 2, .read_slabs = 1});
  if (!engine)
    return;
  const scratch here;
  const io::unique_fd fd(::open((here / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));

  SUBCASE("writes, syncs and reads back, far more than its depth") {
    std::vector<std::string> pieces;
    std::vector<io_operation> writes;
    for (unsigned i = 0; i < 50; ++i)
      pieces.push_back(noise(5000, i));
    for (unsigned i = 0; i < 50; ++i)
      writes.push_back(op(io_verb::write, fd.get(), pieces[i], uint64_t{i} * 5000));
    engine->submit(writes);
    CHECK(engine->in_flight() <= 4);
    for (const auto& one : writes) {
      engine->wait_for(one);
      CHECK(one.outcome == 5000);
    }
    CHECK(engine->in_flight() == 0);
    io_operation sync = {.verb = io_verb::sync, .fd = fd.get()};
    engine->submit(sync);
    engine->wait_for(sync);
    CHECK(sync.outcome == 0);

    std::string back(6000, '\0');
    auto read = op(io_verb::read, fd.get(), back, 49 * 5000);
    engine->submit(read);
    engine->wait_for(read);
    REQUIRE(read.outcome == 5000); // short at the end
    CHECK(back.substr(0, 5000) == pieces[49]);
  }
  SUBCASE("errors come back as -errno") {
    std::string room(10, 'x');
    auto bad = op(io_verb::write, 1 << 20, room);
    engine->submit(bad);
    engine->wait_for(bad);
    CHECK(bad.outcome == -EBADF);
  }
  SUBCASE("waiting for nothing returns") {
    engine->wait();
    engine->poll();
    CHECK(engine->in_flight() == 0);
  }
  SUBCASE("moves between threads") {
    std::string text = noise(100);
    auto write = op(io_verb::write, fd.get(), text);
    engine->submit(write);
    std::thread([&] {
      engine->wait_for(write);
      auto again = op(io_verb::write, fd.get(), text, 100);
      engine->submit(again);
      engine->wait_for(again);
      CHECK(again.outcome == 100);
    }).join();
    CHECK(write.outcome == 100);
    CHECK(get(here / "file") == text + text);
  }
  SUBCASE("its destructor waits for what is in flight") {
    std::vector<std::string> pieces(20, noise(100000));
    std::vector<io_operation> writes;
    for (auto& one : pieces)
      writes.push_back(op(io_verb::write, fd.get(), one, 100000 * writes.size()));
    engine->submit(writes);
    engine.reset();
    for (const auto& one : writes)
      CHECK(one.done);
  }
  SUBCASE("lends no more slabs than it may, and takes them back") {
    auto first = engine->take_write_slab();
    auto second = engine->take_write_slab();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first.size_bytes() == 1024 * 1024);
    CHECK(reinterpret_cast<uintptr_t>(first.data()) % 4096 == 0);
    CHECK_FALSE(engine->take_write_slab());
    auto read = engine->take_read_slab();
    CHECK(read);
    CHECK_FALSE(engine->take_read_slab());
    auto* memory = first.data();
    first = {};
    auto again = engine->take_write_slab();
    CHECK(again.data() == memory);
    second = std::move(again);
    CHECK(engine->take_write_slab());
  }
  SUBCASE("gives a lent slab back when all of it went through") {
    auto slab = engine->take_write_slab();
    auto other = engine->take_write_slab();
    std::memset(slab.data(), 'a', slab.size_bytes());
    io_operation write = {.verb = io_verb::write,
                          .fd = fd.get(),
                          .data = slab.data(),
                          .length_bytes = slab.size_bytes(),
                          .lent = &slab};
    engine->submit(write);
    engine->wait_for(write);
    CHECK_FALSE(slab);
    CHECK(engine->take_write_slab());
  }
  SUBCASE("reads whole files in chains, links and errors included") {
    const auto directory = here.open();
    put(here / "small", "content");
    ::symlink("small", (here / "link").c_str());
    ::symlink("/etc", (here / "out").c_str());
    std::array<std::string, 5> rooms;
    rooms.fill(std::string(100, '\0'));
    const std::array names = {"small", "missing", "link", "out/passwd", "small"};
    std::vector<io_operation> reads;
    for (size_t round = 0; round < 20; ++round) { // more than there are slots
      reads.clear();
      for (size_t i = 0; i < names.size(); ++i) {
        reads.push_back(op(io_verb::read_file, directory.get(), rooms[i]));
        reads.back().path = names[i];
      }
      engine->submit(reads);
      for (const auto& one : reads)
        engine->wait_for(one);
      CHECK(reads[0].outcome == 7);
      CHECK(reads[1].outcome == -ENOENT);
      CHECK(reads[2].outcome == -ELOOP);
      CHECK(reads[3].outcome == -ELOOP);
      CHECK(reads[4].outcome == 7);
      CHECK(rooms[4].substr(0, 7) == "content");
    }
  }
}
