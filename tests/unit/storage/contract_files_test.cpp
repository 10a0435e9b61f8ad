// What every storage driver promises about content.
// SPDX-License-Identifier: MIT
#include "tests/unit/storage/contract.hpp"

#include <thread>

using namespace pgbraid;
using namespace pgbraid::test;

TEST_CASE_TEMPLATE("storage: nothing is there before the root is", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  CHECK_FALSE(exists(repo, ""));
  CHECK_FALSE(exists(repo, "a/b"));
  auto all = repo.list("");
  REQUIRE(all);
  CHECK_FALSE(all->has_value());
  CHECK(code_of(repo.open_read("a")) == errc::file_missing);
  const bool paths = repo.features().paths;
  if (paths)
    CHECK(code_of(repo.open_write("a", {.make_parents = false})) == errc::file_missing);
  CHECK(repo.remove_file("a"));
  CHECK(repo.remove_tree("a"));
  CHECK(repo.remove_tree(""));
  if (paths)
    CHECK(code_of(repo.sync_path("")) == errc::path_missing);
  CHECK(repo.free_bytes());
  std::vector<small_read> files = {{.path = "a", .limit_bytes = 10}};
  repo.read_small(files, on.engine);
  REQUIRE(files[0].failure);
  CHECK(files[0].failure->code == errc::file_missing);

  REQUIRE(repo.make_path("", 0750));
  if (paths) {
    CHECK(info_of(repo, "").kind == entry_kind::path);
    CHECK(info_of(repo, "").mode == 0750);
    CHECK(names_of(repo, "").empty());
  }
  REQUIRE(repo.remove_tree(""));
  CHECK_FALSE(exists(repo, ""));
  REQUIRE(write_all(repo, "a/b", "x"));
  CHECK(read(repo, "a/b") == "x");
}

TEST_CASE_TEMPLATE("storage: writes and reads files", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  for (const auto how : {publish::atomic, publish::in_place})
    for (const size_t size : {size_t{0}, size_t{5}, size_t{1} << 20, (size_t{3} << 20) + 4097}) {
      const auto content = noise(size);
      REQUIRE(write_all(repo, "a/b/file", content,
                        {.how = how, .engine = on.engine, .size_hint_bytes = size}));
      CHECK(read(repo, "a/b/file", {.engine = on.engine, .size_hint_bytes = size}) == content);
      const auto info = info_of(repo, "a/b/file");
      CHECK(info.kind == entry_kind::file);
      CHECK(info.size_bytes == size);
    }
  CHECK(names_of(repo, "a/b") == names{"file"});

  SUBCASE("offset and limit") {
    const auto content = noise(100000);
    REQUIRE(write_all(repo, "f", content));
    CHECK(read(repo, "f", {.offset_bytes = 10, .limit_bytes = 20}) == content.substr(10, 20));
    CHECK(read(repo, "f", {.offset_bytes = 99990, .limit_bytes = 20}) == content.substr(99990));
    CHECK(read(repo, "f", {.offset_bytes = 100001}).empty());
    CHECK(read(repo, "f", {.limit_bytes = 0}).empty());
    auto file = repo.open_read("f", {.offset_bytes = 50, .limit_bytes = 10});
    REQUIRE(file);
    std::string room(100, '\0');
    const auto out = std::as_writable_bytes(std::span(room));
    CHECK(*(*file)->read_at(out, 0) == 100);
    CHECK(room == content.substr(0, 100));
    CHECK(*(*file)->read(out) == 10);
    CHECK(room.substr(0, 10) == content.substr(50, 10));
    CHECK(*(*file)->read_at(out, 99999) == 1);
    CHECK(*(*file)->read(out) == 0);
  }
  SUBCASE("whole files with a limit") {
    REQUIRE(write_all(repo, "f", "12345"));
    CHECK(*read_all(repo, "f", 5) == "12345");
    CHECK(code_of(read_all(repo, "f", 4)) == errc::file_read);
    CHECK(code_of(read_all(repo, "g", 4)) == errc::file_missing);
    const auto large = noise(700000);
    REQUIRE(write_all(repo, "f", large));
    CHECK(*read_all(repo, "f", 700000) == large);
    CHECK(code_of(read_all(repo, "f", 699999)) == errc::file_read);
  }
}

TEST_CASE_TEMPLATE("storage: an atomic file is old or new, nothing between", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(write_all(repo, "p/f", "old"));
  {
    auto file = repo.open_write("p/f", {.engine = on.engine});
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes("new and longer")));
    const auto there = names_of(repo, "p");
    CHECK(there[0] == "f");
    if (repo.features().part_bytes == 0) {
      REQUIRE(there.size() == 2);
      CHECK(there[1].starts_with("f."));
      CHECK(there[1].ends_with(".pgbackrest.tmp"));
    } else {
      CHECK(there.size() == 1);
    }
    CHECK(read(repo, "p/f") == "old");
  }
  CHECK(names_of(repo, "p") == names{"f"});
  CHECK(read(repo, "p/f") == "old");
  auto file = repo.open_write("p/f", {.engine = on.engine});
  REQUIRE(file);
  REQUIRE((*file)->write(as_bytes("new")));
  REQUIRE((*file)->begin_commit());
  // From here on it may be published at any moment, but never in part.
  const auto meanwhile = read(repo, "p/f");
  CHECK((meanwhile == "old" || meanwhile == "new"));
  for (bool done = false; !done;)
    done = *(*file)->committed(false);
  CHECK(*(*file)->committed(true));
  CHECK(read(repo, "p/f") == "new");
  CHECK(names_of(repo, "p") == names{"f"});
}

TEST_CASE_TEMPLATE("storage: two write one atomic file, and each writes his own", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  const auto long_one = noise(100000);
  auto one = repo.open_write("p/f", {.engine = on.engine});
  auto other = repo.open_write("p/f", {.engine = on.engine});
  REQUIRE(one);
  REQUIRE(other);
  if (repo.features().part_bytes == 0)
    CHECK(names_of(repo, "p").size() == 2);
  REQUIRE((*one)->write(as_bytes(long_one)));
  REQUIRE((*other)->write(as_bytes("half")));
  REQUIRE(io::commit(**one));
  CHECK(read(repo, "p/f") == long_one);
  REQUIRE((*other)->write(as_bytes(" and half")));
  REQUIRE(io::commit(**other));
  CHECK(read(repo, "p/f") == "half and half");
  CHECK(names_of(repo, "p") == names{"f"});
}

TEST_CASE_TEMPLATE("storage: who loses the temporary name publishes nothing", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  if (repo.features().part_bytes != 0)
    return; // there is none
  auto file = repo.open_write("p/f", {.engine = on.engine});
  REQUIRE(file);
  REQUIRE((*file)->write(as_bytes("x")));
  REQUIRE(names_of(repo, "p").size() == 1);
  REQUIRE(repo.remove_file("p/" + names_of(repo, "p").front()));
  CHECK(code_of(io::commit(**file)) == errc::file_move);
  file->reset();
  CHECK(names_of(repo, "p").empty());
}

TEST_CASE_TEMPLATE("storage: a file in place is there at once and stays, or never was", rig,
                   ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  {
    auto file = repo.open_write("f", {.how = publish::in_place, .engine = on.engine});
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes("part")));
  }
  if (repo.features().part_bytes == 0)
    CHECK(names_of(repo, "") == names{"f"});
  else
    CHECK_FALSE(exists(repo, "f"));
}

TEST_CASE_TEMPLATE("storage: a hollow file is zeros, and replaces what was there", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(write_all(repo, "a/f", "something longer"));
  for (const uint64_t size_bytes : {uint64_t{0}, uint64_t{5}, uint64_t{700'000}}) {
    auto file = repo.open_hollow(
        "a/f", size_bytes,
        {.how = publish::in_place, .engine = on.engine, .size_hint_bytes = size_bytes});
    REQUIRE(file);
    REQUIRE((*file)->begin_commit());
    REQUIRE((*file)->committed(true));
    CHECK(read(repo, "a/f") == std::string(size_bytes, '\0'));
  }
  CHECK(code_of(repo.open_hollow("../f", 5)) == errc::param_invalid);
  CHECK(repo.sync_files());
}

TEST_CASE_TEMPLATE("storage: files may be synced together", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(repo.make_path("a"));
  repo.may_sync_later(); // Whatever it says, the files are written, and sync_files ends well.
  for (const std::string name : {"a/f", "a/g"}) {
    auto file =
        repo.open_write(name, {.how = publish::in_place, .sync_later = true, .engine = on.engine});
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes(name)));
    REQUIRE((*file)->begin_commit());
    REQUIRE((*file)->committed(true));
  }
  CHECK(repo.sync_files());
  CHECK(read(repo, "a/f") == "a/f");
  CHECK(read(repo, "a/g") == "a/g");
}

TEST_CASE_TEMPLATE("storage: a file may be opened late", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(repo.make_path("q"));
  for (const auto how : {publish::in_place, publish::atomic})
    for (const size_t size : {size_t{0}, size_t{100}, size_t{300000}, size_t{2} << 20}) {
      const auto content = noise(size);
      auto file = repo.open_write("p/f", {.how = how, .may_open_late = true});
      REQUIRE(file);
      for (size_t at = 0; at < size; at += 50000)
        REQUIRE((*file)->write(as_bytes(std::string_view(content).substr(at, 50000))));
      REQUIRE((*file)->begin_commit());
      for (bool done = false; !done;) {
        const auto asked = (*file)->committed(false);
        REQUIRE(asked);
        done = *asked;
      }
      CHECK(read(repo, "p/f") == content);
    }
  if (repo.features().paths) {
    auto path = repo.open_write("q", {.how = publish::in_place, .may_open_late = true});
    CHECK((!path || !(*path)->begin_commit() || !(*path)->committed(true)));
  }
  // Nobody needs it any more.
  REQUIRE(repo.open_write("p/g", {.may_open_late = true}));
  CHECK(names_of(repo, "p") == names{"f"});
}

TEST_CASE_TEMPLATE("storage: reads small files together, each with its own outcome", rig,
                   ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  std::vector<small_read> files;
  for (unsigned i = 0; i < 30; ++i) {
    const auto path = "p/f" + std::to_string(i);
    REQUIRE(write_all(repo, path, noise(i * 50, i), {.sync = false}));
    files.push_back({.path = path, .limit_bytes = 1000});
  }
  files.push_back({.path = "p/missing", .limit_bytes = 10});
  files.push_back({.path = "p", .limit_bytes = 10});
  files.push_back({.path = "/etc/passwd", .limit_bytes = 10});
  for (int round = 0; round < 2; ++round) {
    repo.read_small(files, on.engine);
    for (unsigned i = 0; i < 30; ++i) {
      CHECK_FALSE(files[i].failure);
      CHECK(as_text(files[i].content) == noise(i * 50, i).substr(0, 1000));
    }
    REQUIRE(files[30].failure);
    CHECK(files[30].failure->code == errc::file_missing);
    REQUIRE(files[31].failure);
    CHECK(files[31].failure->code ==
          (repo.features().paths ? errc::file_open : errc::file_missing));
    REQUIRE(files[32].failure);
    CHECK(files[32].failure->code == errc::param_invalid);
  }
}

TEST_CASE_TEMPLATE("storage: parts of files are read together, in one step or in two", rig,
                   ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  const auto content = noise(20'000, 3);
  REQUIRE(write_all(repo, "p/bundle", content));
  struct part {
    uint64_t offset, limit;
  };
  const std::vector<part> parts = {{0, 10},       {5, 7000},   {19'990, 10},
                                   {19'990, 100}, {20'000, 5}, {12'000, 0}};
  std::vector<small_read> wanted;
  for (const auto& one : parts)
    wanted.push_back({.path = "p/bundle", .limit_bytes = one.limit, .offset_bytes = one.offset});
  wanted.push_back({.path = "p/missing", .limit_bytes = 10, .offset_bytes = 5});
  auto together = wanted;
  repo.read_small(together, on.engine);
  for (const auto& files : {together, repo.begin_small(wanted)->wait(on.engine)}) {
    REQUIRE(files.size() == wanted.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      CAPTURE(i);
      CHECK_FALSE(files[i].failure);
      CHECK(as_text(files[i].content) == content.substr(parts[i].offset, parts[i].limit));
    }
    REQUIRE(files.back().failure);
    CHECK(files.back().failure->code == errc::file_missing);
  }
  repo.begin_small(wanted); // and nobody waits
}

TEST_CASE_TEMPLATE("storage: lists what begins so", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  for (const auto* name : {"0001-a", "0001-b", "0001", "0002-a", "x0001"})
    REQUIRE(write_all(repo, std::string("p/") + name, "1", {.sync = false}));
  REQUIRE(write_all(repo, "p/0001-d/f", "1", {.sync = false}));
  const auto named = [&](std::string_view beginning) {
    const auto all = repo.list_named("p", beginning);
    REQUIRE(all);
    names out;
    if (*all)
      for (const auto& one : **all)
        out.push_back(one.name + (one.info.kind == entry_kind::path ? "/" : ""));
    return out;
  };
  CHECK(named("0001-") == names{"0001-a", "0001-b", "0001-d/"});
  CHECK(named("0001") == names{"0001", "0001-a", "0001-b", "0001-d/"});
  CHECK(named("0003").empty());
  CHECK(named("").size() == 6);
  const auto none = repo.list_named("q", "0001");
  REQUIRE(none);
  CHECK_FALSE(none->has_value());
}

TEST_CASE_TEMPLATE("storage: is shared by threads", rig, memory_rig, posix_rig, WRAPPED_RIGS,
                   remote_rig, sftp_rig, OBJECT_RIGS) {
  rig on;
  auto& repo = on.repo;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&repo, t] {
      for (int i = 0; i < 20; ++i) {
        const auto path = "p/" + std::to_string(i) + "/f" + std::to_string(t);
        if (!write_all(repo, path, path, {.sync = false}))
          std::abort();
        if (auto back = read_all(repo, path, 100); !back || *back != path)
          std::abort();
      }
    });
  for (auto& one : threads)
    one.join();
  CHECK(names_of(repo, "p").size() == 20);
  CHECK(names_of(repo, "p/7") == names{"f0", "f1", "f2", "f3"});
}
