// Tests of many streams at once, and of what is left when they end early.
// SPDX-License-Identifier: MIT
#include "actors/serve/work_pool.hpp"
#include "tests/unit/actors/serve/served_host.hpp"
#include "tests/unit/engine/io/scratch.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

struct rig {
  scratch here;
  served_host there{{.repo_path = here / "repo"}};
  std::shared_ptr<link::remote_host> host;
  std::unique_ptr<storage> repo;

  explicit rig(unsigned links_max = 0)
      : host(there.connect(links_max)),
        repo(remote::make_remote_storage(host, "repo", "there:repo")) {
    std::filesystem::create_directories(here / "repo");
  }
  std::vector<std::string> names() const { return names_in(here / "repo"); }
};

std::string drain(io::reader& from) {
  std::string all;
  std::string piece(70001, '\0');
  for (;;) {
    auto got = from.read(std::as_writable_bytes(std::span(piece)));
    REQUIRE(got);
    if (*got == 0)
      return all;
    all.append(piece, 0, *got);
  }
}

} // namespace

TEST_CASE("serve: more open files than threads hold up nobody") {
  constexpr unsigned files = 5 * serve::work_pool::threads_max;
  rig r;
  std::vector<std::unique_ptr<io::writer>> open;
  for (unsigned i = 0; i < files; ++i) {
    auto one = r.repo->open_write("f" + std::to_string(i), {.sync = false});
    REQUIRE(one);
    REQUIRE((*one)->write(as_bytes(noise(1000, i))));
    open.push_back(std::move(*one));
  }
  CHECK(r.names().size() == files);
  CHECK((*r.repo->list(""))->size() == files);
  for (unsigned i = 0; i < files; ++i)
    REQUIRE(open[i]->write(as_bytes(noise(400000, i + 100))));
  for (auto& one : open)
    REQUIRE(one->begin_commit());
  for (auto& one : open)
    REQUIRE(*one->committed(true));
  open.clear();
  std::vector<std::unique_ptr<io::reader>> reading;
  for (unsigned i = 0; i < files; ++i) {
    auto one = r.repo->open_read("f" + std::to_string(i));
    REQUIRE(one);
    reading.push_back(std::move(*one));
  }
  for (unsigned i = files; i-- > 0;)
    CHECK(drain(*reading[i]) == noise(1000, i) + noise(400000, i + 100));
}

TEST_CASE("serve: cancelled writes leave nothing, wherever they were") {
  rig r(3);
  for (const size_t size : {size_t{0}, size_t{10}, size_t{5} << 20}) {
    std::vector<std::unique_ptr<io::writer>> open;
    for (int i = 0; i < 20; ++i) {
      auto one = r.repo->open_write("f" + std::to_string(i), {.sync = false});
      REQUIRE(one);
      if (size > 0)
        REQUIRE((*one)->write(as_bytes(noise(size))));
      open.push_back(std::move(*one));
    }
    CHECK(r.names().size() == 20);
    open.clear();
    CHECK(r.names().empty());
  }
}

TEST_CASE("serve: a reader that is not wanted any more costs nothing") {
  rig r;
  put(r.here / "repo/f", noise(size_t{10} << 20));
  for (int i = 0; i < 100; ++i) {
    auto one = r.repo->open_read("f");
    REQUIRE(one);
  }
  CHECK(read_all(*r.repo, "f", size_t{10} << 20));
}

TEST_CASE("serve: a failing write says why") {
  rig r;
  std::filesystem::create_directories(r.here / "repo/d/x");
  auto one = r.repo->open_write("d", {.sync = false});
  REQUIRE(one);
  REQUIRE((*one)->write(as_bytes("x")));
  const auto done = io::commit(**one);
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::file_move);
  one->reset();
  CHECK(r.names() == std::vector<std::string>{"d"});
}

TEST_CASE("serve: small files in several requests, with any limits") {
  rig r;
  std::vector<small_read> files;
  for (unsigned i = 0; i < 1300; ++i) {
    const auto name = "f" + std::to_string(i);
    if (i % 7 != 0)
      put(r.here / ("repo/" + name), noise(i, i));
    files.push_back({.path = name, .limit_bytes = 1000});
  }
  put(r.here / "repo/large", noise(size_t{6} << 20));
  files.push_back({.path = "large", .limit_bytes = uint64_t{3} << 20});
  files.push_back({.path = "large", .limit_bytes = uint64_t{5} << 20});
  r.repo->read_small(files, nullptr);
  for (unsigned i = 0; i < 1300; ++i) {
    REQUIRE(files[i].failure.has_value() == (i % 7 == 0));
    if (files[i].failure)
      CHECK(files[i].failure->code == errc::file_missing);
    else
      CHECK(as_text(files[i].content) == std::string_view(noise(i, i)).substr(0, 1000));
  }
  CHECK(as_text(files[1300].content) == noise(size_t{6} << 20).substr(0, size_t{3} << 20));
  CHECK(as_text(files[1301].content) == noise(size_t{6} << 20).substr(0, size_t{5} << 20));
}

TEST_CASE("serve: a list of any length and any names") {
  rig r;
  for (int i = 0; i < 5000; ++i)
    put(r.here / ("repo/" + std::string(100, 'n') + std::to_string(i)), "");
  put(r.here / "repo/\xff\n\x01\x7f\"", "x");
  const auto all = r.repo->list("");
  REQUIRE(all);
  CHECK((*all)->size() == 5001);
  CHECK((*all)->back().name == "\xff\n\x01\x7f\"");
  CHECK(*read_all(*r.repo, "\xff\n\x01\x7f\"", 5) == "x");
}
