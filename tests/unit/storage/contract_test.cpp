// What every storage driver promises.
// SPDX-License-Identifier: MIT
#include "storage/storage_path.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/actors/serve/remote_rig.hpp"
#include "tests/unit/storage/rigs.hpp"
#include "tests/unit/storage/sftp_rig.hpp"

#include <thread>

using namespace pgbraid;
using namespace pgbraid::test;

#define OWN_RIGS                                                                                   \
  memory_rig, posix_rig, posix_by_segment_rig, posix_ring_rig, posix_threads_rig, sftp_rig
#define ALL_RIGS OWN_RIGS, remote_rig

namespace {

using names = std::vector<std::string>;

template <class T> errc code_of(const result<T>& what) {
  REQUIRE_FALSE(what);
  CHECK_FALSE(what.failure().message.empty());
  return what.failure().code;
}

entry_info info_of(storage& in, std::string_view path) {
  auto found = in.info(path);
  REQUIRE(found);
  REQUIRE(found->has_value());
  return **found;
}

bool exists(storage& in, std::string_view path) {
  auto found = in.info(path);
  REQUIRE(found);
  return found->has_value();
}

/// Makes a link, on the host of the files where the driver would not.
template <class Rig> void plant(Rig& on, const std::string& path, const std::string& destination) {
  if constexpr (requires { on.plant(path, destination); })
    on.plant(path, destination);
  else
    REQUIRE(on.repo.make_symlink(path, destination));
}

std::string read(storage& in, std::string_view path, const read_options& options = {}) {
  auto file = in.open_read(path, options);
  REQUIRE(file);
  std::string all;
  std::string piece(100003, '\0');
  while (true) {
    auto got = (*file)->read(std::as_writable_bytes(std::span(piece)));
    REQUIRE(got);
    if (*got == 0)
      return all;
    all.append(piece, 0, *got);
  }
}

} // namespace

TEST_CASE("storage path: only plain relative paths pass") {
  hostile("names that leave their directory", 2);
  for (const auto* good : {"", "a", "a/b", "...", "a b", "a\nb", "\xff\xfe", "..a/b..", "-"})
    CHECK(check_storage_path(good));
  for (const auto* bad : {"/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/../b", "a/./b"}) {
    hostile("names that leave their directory");
    CHECK(code_of(check_storage_path(bad)) == errc::param_invalid);
  }
  CHECK(code_of(check_storage_path(std::string_view("a\0b", 3))) == errc::param_invalid);
  CHECK(code_of(check_storage_path(std::string(4096, 'a'))) == errc::param_invalid);
}

TEST_CASE_TEMPLATE("storage: nothing is there before the root is", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  CHECK_FALSE(exists(repo, ""));
  CHECK_FALSE(exists(repo, "a/b"));
  auto all = repo.list("");
  REQUIRE(all);
  CHECK_FALSE(all->has_value());
  CHECK(code_of(repo.open_read("a")) == errc::file_missing);
  CHECK(code_of(repo.open_write("a", {.make_parents = false})) == errc::file_missing);
  CHECK(repo.remove_file("a"));
  CHECK(repo.remove_tree("a"));
  CHECK(repo.remove_tree(""));
  CHECK(code_of(repo.sync_path("")) == errc::path_missing);
  CHECK(repo.free_bytes());
  std::vector<small_read> files = {{.path = "a", .limit_bytes = 10}};
  repo.read_small(files, on.engine);
  REQUIRE(files[0].failure);
  CHECK(files[0].failure->code == errc::file_missing);

  REQUIRE(repo.make_path("", 0750));
  CHECK(info_of(repo, "").kind == entry_kind::path);
  CHECK(info_of(repo, "").mode == 0750);
  CHECK(names_of(repo, "").empty());
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
    REQUIRE(there.size() == 2);
    CHECK(there[0] == "f");
    CHECK(there[1].starts_with("f."));
    CHECK(there[1].ends_with(".pgbackrest.tmp"));
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
  auto file = repo.open_write("p/f", {.engine = on.engine});
  REQUIRE(file);
  REQUIRE((*file)->write(as_bytes("x")));
  REQUIRE(names_of(repo, "p").size() == 1);
  REQUIRE(repo.remove_file("p/" + names_of(repo, "p").front()));
  CHECK(code_of(io::commit(**file)) == errc::file_move);
  file->reset();
  CHECK(names_of(repo, "p").empty());
}

TEST_CASE_TEMPLATE("storage: a file in place is there at once and stays", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  {
    auto file = repo.open_write("f", {.how = publish::in_place, .engine = on.engine});
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes("part")));
  }
  CHECK(names_of(repo, "") == names{"f"});
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
  auto path = repo.open_write("q", {.how = publish::in_place, .may_open_late = true});
  CHECK((!path || !(*path)->begin_commit() || !(*path)->committed(true)));
  // Nobody needs it any more.
  REQUIRE(repo.open_write("p/g", {.may_open_late = true}));
  CHECK(names_of(repo, "p") == names{"f"});
}

TEST_CASE_TEMPLATE("storage: modes and times are exact", rig, OWN_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(write_all(repo, "a/b/f", "x", {.mode = 0604, .path_mode = 0711, .mtime_s = 1000000000}));
  CHECK(info_of(repo, "a/b/f").mode == 0604);
  CHECK(info_of(repo, "a/b/f").mtime_s == 1000000000);
  CHECK(info_of(repo, "a").mode == 0711);
  CHECK(info_of(repo, "a/b").mode == 0711);
  REQUIRE(repo.make_path("a/c/d", 0777));
  CHECK(info_of(repo, "a").mode == 0711); // what exists is left alone
  CHECK(info_of(repo, "a/c").mode == 0777);
  CHECK(info_of(repo, "a/c/d").mode == 0777);
  REQUIRE(repo.make_path("a/c/d", 0700));
  CHECK(info_of(repo, "a/c/d").mode == 0777);

  REQUIRE(repo.set_attributes("a/b/f", {.mode = 0400, .mtime_s = 5}));
  CHECK(info_of(repo, "a/b/f").mode == 0400);
  CHECK(info_of(repo, "a/b/f").mtime_s == 5);
  REQUIRE(repo.set_attributes("a/c", {.mode = 0700}));
  CHECK(info_of(repo, "a/c").mode == 0700);
  CHECK(code_of(repo.set_attributes("a/none", {.mode = 0700})) == errc::file_missing);
  CHECK(code_of(repo.set_attributes("none/none", {.mode = 0700})) == errc::file_missing);
  REQUIRE(repo.set_attributes("", {.mode = 0705}));
  CHECK(info_of(repo, "").mode == 0705);
}

TEST_CASE_TEMPLATE("storage: lists every kind, sorted by bytes", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  for (const auto* name : {"p/b", "p/a", "p/B", "p/\xc3\xa4", "p/new\nline", "p/ "})
    REQUIRE(write_all(repo, name, "12"));
  REQUIRE(repo.make_path("p/dir/deeper"));
  plant(on, "p/link", "some where");
  CHECK(names_of(repo, "p") == names{" ", "B", "a", "b", "dir", "link", "new\nline", "\xc3\xa4"});
  auto all = repo.list("p");
  CHECK((**all)[2].info.kind == entry_kind::file);
  CHECK((**all)[2].info.size_bytes == 2);
  CHECK((**all)[4].info.kind == entry_kind::path);
  CHECK((**all)[5].info.kind == entry_kind::link);
  CHECK((**all)[5].info.link_destination == "some where");
  CHECK(info_of(repo, "p/link").link_destination == "some where");
  auto none = repo.list("q/r");
  REQUIRE(none);
  CHECK_FALSE(none->has_value());
  CHECK(code_of(repo.list("p/a")) == errc::path_open);
  CHECK_FALSE(exists(repo, "p/a/below a file"));
}

TEST_CASE_TEMPLATE("storage: several names and paths at once", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  std::vector<std::string> paths = {"a", "a/b", "z/y/x", "a/b/c", "a"};
  for (int i = 0; i < 100; ++i)
    paths.push_back("a/b/" + std::to_string(i));
  for (int round = 0; round < 2; ++round)
    REQUIRE(repo.make_many_paths(paths, 0750));
  REQUIRE(write_all(repo, "a/f", "four"));
  paths.insert(paths.end(), {"a/f", "none", "none/below"});
  const auto seen = repo.many_infos(paths);
  REQUIRE(seen);
  REQUIRE(seen->size() == paths.size());
  for (size_t i = 0; i < paths.size(); ++i) {
    CAPTURE(paths[i]);
    const auto alone = repo.info(paths[i]);
    REQUIRE(alone);
    REQUIRE((*seen)[i].has_value() == alone->has_value());
    if (*alone) {
      CHECK((*seen)[i]->kind == (**alone).kind);
      CHECK((*seen)[i]->mode == (**alone).mode);
      CHECK((*seen)[i]->size_bytes == (**alone).size_bytes);
    }
  }
  CHECK(info_of(repo, "a/b/99").kind == entry_kind::path);
  CHECK(info_of(repo, "a/b/99").mode == 0750);
  CHECK(repo.many_infos({})->empty());
  CHECK(code_of(repo.make_many_paths(std::array{std::string("a/new"), std::string("a/f")})) ==
        errc::path_create);
  CHECK(code_of(repo.many_infos(std::array{std::string("a"), std::string("../a")})) ==
        errc::param_invalid);
}

TEST_CASE_TEMPLATE("storage: removes", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(write_all(repo, "p/q/f", "x"));
  REQUIRE(write_all(repo, "p/g", "x"));
  REQUIRE(write_all(repo, "other/f", "x"));
  REQUIRE(repo.make_path("p/q/empty"));
  plant(on, "p/q/link", "../../other");
  CHECK(repo.remove_file("p/g"));
  CHECK(repo.remove_file("p/g"));
  CHECK(repo.remove_file("no/such"));
  CHECK(code_of(repo.remove_file("p/q")) == errc::file_remove);
  CHECK(repo.remove_tree("p"));
  CHECK(repo.remove_tree("p"));
  CHECK_FALSE(exists(repo, "p"));
  CHECK(read(repo, "other/f") == "x"); // the link went, not what it named
  plant(on, "l", "other");
  CHECK(repo.remove_tree("l"));
  CHECK(names_of(repo, "") == names{"other"});
  CHECK(repo.remove_tree("other/f"));
  CHECK(names_of(repo, "other").empty());
}

TEST_CASE_TEMPLATE("storage: moves", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(write_all(repo, "a/f", "1"));
  REQUIRE(write_all(repo, "b/f", "2"));
  CHECK(repo.move("a/f", "b/f"));
  CHECK(read(repo, "b/f") == "1");
  CHECK_FALSE(exists(repo, "a/f"));
  CHECK(repo.move("b", "c"));
  CHECK(read(repo, "c/f") == "1");
  CHECK(code_of(repo.move("a/f", "c/f")) == errc::file_missing);
  CHECK(code_of(repo.move("c/f", "no/f")) == errc::file_missing);
  CHECK(code_of(repo.move("c/f", "a")) == errc::file_move);
  CHECK(code_of(repo.move("c", "c/below")) == errc::file_move);
  CHECK(repo.sync_path("c"));
  CHECK(repo.sync_path(""));
  CHECK(code_of(repo.sync_path("b")) == errc::path_missing);
}

TEST_CASE_TEMPLATE("storage: hard links are names of one file", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(repo.features().hardlinks);
  REQUIRE(write_all(repo, "a/f", "content"));
  REQUIRE(repo.make_path("b"));
  CHECK(repo.make_hardlink("b/f", "a/f"));
  CHECK(read(repo, "b/f") == "content");
  CHECK(code_of(repo.make_hardlink("b/f", "a/f")) == errc::file_exists);
  CHECK(code_of(repo.make_hardlink("b/g", "a/none")) == errc::file_missing);
  // A new backup that writes over one name must not change the other.
  REQUIRE(write_all(repo, "b/f", "new", {.how = publish::in_place}));
  CHECK(read(repo, "a/f") == "content");
  REQUIRE(repo.remove_file("a/f"));
  CHECK(read(repo, "b/f") == "new");
}

TEST_CASE_TEMPLATE("storage: links are made, once and where there is a path", rig, OWN_RIGS) {
  rig on;
  REQUIRE(on.repo.make_path("p"));
  REQUIRE(on.repo.make_symlink("p/loop", "loop"));
  CHECK(code_of(on.repo.make_symlink("p/loop", "again")) == errc::file_exists);
  CHECK(code_of(on.repo.make_symlink("none/loop", "again")) == errc::path_missing);
}

TEST_CASE_TEMPLATE("storage: no link is passed, wherever it leads", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(repo.features().symlinks);
  REQUIRE(repo.make_path("p"));
  plant(on, "p/absolute", "/etc");
  plant(on, "p/up", "../../../../../../../../../../etc");
  plant(on, "p/file", "/etc/passwd");
  plant(on, "p/loop", "loop");
  REQUIRE(write_all(repo, "victim/passwd", "x"));
  plant(on, "p/beside", "../victim");
  plant(on, "p/below", "dir");
  REQUIRE(write_all(repo, "p/dir/passwd", "y"));

  const auto stopped = [](const auto& outcome) {
    hostile("links that lead elsewhere");
    return code_of(outcome) == errc::link_destination;
  };
  for (const auto* way : {"p/absolute", "p/up", "p/beside", "p/below"}) {
    CAPTURE(way);
    const auto below = std::string(way) + "/passwd";
    CHECK(stopped(repo.info(below)));
    CHECK(stopped(repo.many_infos(std::array{std::string("p"), below})));
    CHECK(stopped(repo.list(way)));
    CHECK(stopped(repo.open_read(below)));
    CHECK(stopped(repo.open_write(below)));
    CHECK(stopped(repo.make_path(below)));
    CHECK(stopped(repo.make_many_paths(std::array{std::string("p/q"), below})));
    CHECK_FALSE(repo.make_many_paths(std::array<std::string, 2>{way, below}));
    CHECK(stopped(repo.remove_file(below)));
    CHECK(stopped(repo.remove_tree(below)));
    CHECK(stopped(repo.move(below, "p/mine")));
    CHECK_FALSE(repo.make_symlink(below + "x", "y"));
    CHECK(stopped(repo.make_hardlink("p/mine", below)));
    CHECK(stopped(repo.sync_path(way)));
    CHECK(stopped(repo.set_attributes(below, {.mode = 0777})));
    std::vector<small_read> files = {{.path = below, .limit_bytes = 10}};
    repo.read_small(files, on.engine);
    REQUIRE(files[0].failure);
    CHECK(files[0].failure->code == errc::link_destination);
  }
  CHECK(read(repo, "victim/passwd") == "x");
  CHECK(names_of(repo, "victim") == names{"passwd"});
  CHECK(names_of(repo, "p/dir") == names{"passwd"});
  CHECK(stopped(repo.open_read("p/file")));
  CHECK(stopped(repo.open_write("p/file", {.how = publish::in_place})));
  CHECK(stopped(repo.info("p/loop/x")));
  CHECK(info_of(repo, "p/absolute").kind == entry_kind::link);
  REQUIRE(write_all(repo, "p/file", "ours")); // atomic: the link is replaced
  CHECK(read(repo, "p/file") == "ours");
}

TEST_CASE_TEMPLATE("storage: a list in parts is the list", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(repo.make_path("p"));
  names expected;
  for (int i = 0; i < 25; ++i) {
    expected.push_back("f" + std::to_string(100 + i));
    REQUIRE(write_all(repo, "p/" + expected.back(), "x"));
  }
  for (const size_t count : {size_t{1}, size_t{7}, size_t{25}, size_t{1000}}) {
    CAPTURE(count);
    names seen;
    std::string after;
    do {
      auto some = repo.list_some("p", after, count);
      REQUIRE(some);
      REQUIRE(some->has_value());
      CHECK((**some).entries.size() <= count);
      for (const auto& one : (**some).entries)
        seen.push_back(one.name);
      after = (**some).next;
    } while (!after.empty());
    CHECK(seen == expected);
  }
  CHECK_FALSE(repo.list_some("none", "", 5)->has_value());
  CHECK(code_of(repo.list_some("p/f100", "", 5)) == errc::path_open);
}

TEST_CASE_TEMPLATE("storage: refuses bad paths everywhere", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(write_all(repo, "f", "x"));
  const std::string_view bad = "a/../../f";
  const auto refused = [](const auto& outcome) {
    hostile("names that leave their directory");
    return code_of(outcome) == errc::param_invalid;
  };
  CHECK(refused(repo.info(bad)));
  CHECK(refused(repo.list(bad)));
  CHECK(refused(repo.open_read(bad)));
  CHECK(refused(repo.open_write(bad)));
  CHECK(refused(repo.open_write("")));
  CHECK(refused(repo.make_path(bad)));
  CHECK(refused(repo.remove_file(bad)));
  CHECK(refused(repo.remove_tree(bad)));
  CHECK(refused(repo.move(bad, "g")));
  CHECK(refused(repo.move("f", bad)));
  CHECK(refused(repo.make_symlink(bad, "x")));
  CHECK(refused(repo.make_hardlink(bad, "f")));
  CHECK(refused(repo.make_hardlink("g", bad)));
  CHECK(refused(repo.sync_path(bad)));
  CHECK(refused(repo.set_attributes(bad, {})));
}

TEST_CASE_TEMPLATE("storage: files and paths are not taken for each other", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(write_all(repo, "f", "x"));
  REQUIRE(repo.make_path("p/q"));
  CHECK(code_of(repo.open_read("p")) == errc::file_open);
  CHECK(code_of(repo.open_read("f/g")) == errc::file_missing);
  CHECK(code_of(repo.open_write("p", {.how = publish::in_place})) == errc::file_open);
  CHECK(code_of(write_all(repo, "p", "x")) == errc::file_move);
  CHECK(code_of(repo.make_path("f")) == errc::path_create);
  CHECK(code_of(repo.make_path("f/g")) == errc::path_create);
  CHECK(names_of(repo, "") == names{"f", "p"});
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
    CHECK(files[31].failure->code == errc::file_open);
    REQUIRE(files[32].failure);
    CHECK(files[32].failure->code == errc::param_invalid);
  }
}

TEST_CASE_TEMPLATE("storage: is shared by threads", rig, memory_rig, posix_rig, remote_rig,
                   sftp_rig) {
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
