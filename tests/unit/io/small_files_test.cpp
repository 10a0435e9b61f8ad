// Batches of small files, warm and cold.
// SPDX-License-Identifier: MIT
#include "engine/io/small_files.hpp"
#include "tests/unit/io/scratch.hpp"

#include <sys/stat.h>

using namespace pgbraid;
using namespace pgbraid::test;

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
