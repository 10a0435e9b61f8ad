// What every storage driver promises about names.
// SPDX-License-Identifier: MIT
#include "storage/storage_path.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/storage/contract.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

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

TEST_CASE_TEMPLATE("storage: modes and times are exact", rig, LOCAL_RIGS) {
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
  for (const auto* name : {"p/b", "p/a", "p/B", "p/\xc3\xa4", "p/new\nline", "p/ ", "p/dir/f"})
    REQUIRE(write_all(repo, name, "12"));
  names expected = {" ", "B", "a", "b", "dir", "link", "new\nline", "\xc3\xa4"};
  if (repo.features().paths) {
    REQUIRE(repo.make_path("p/dir/deeper"));
    plant(on, "p/link", "some where");
  } else {
    // The lists of stores cannot hold every byte of a name.
    std::erase_if(expected, [](const auto& one) { return one == "link" || one == "new\nline"; });
    CHECK(read(repo, "p/new\nline") == "12");
  }
  CHECK(names_of(repo, "p") == expected);
  auto all = repo.list("p");
  CHECK((**all)[2].info.kind == entry_kind::file);
  CHECK((**all)[2].info.size_bytes == 2);
  CHECK((**all)[4].info.kind == entry_kind::path);
  if (repo.features().paths) {
    CHECK((**all)[5].info.kind == entry_kind::link);
    CHECK((**all)[5].info.link_destination == "some where");
    CHECK(info_of(repo, "p/link").link_destination == "some where");
  }
  std::vector<std::string> visited;
  const auto there = repo.each_entry("p", [&](entry& one) {
    const auto same = std::ranges::find(**all, one.name, &entry::name);
    REQUIRE(same != (*all)->end());
    CHECK(one.info.kind == same->info.kind);
    CHECK(one.info.size_bytes == same->info.size_bytes);
    visited.push_back(one.name);
    return success();
  });
  REQUIRE(there);
  CHECK(*there);
  CHECK(visited.size() == (*all)->size());
  CHECK(code_of(repo.each_entry("p", [](entry&) -> result<void> {
          return error{errc::file_open, "enough"};
        })) == errc::file_open);
  CHECK_FALSE(*repo.each_entry("q/r", [](entry&) { return success(); }));
  auto none = repo.list("q/r");
  REQUIRE(none);
  CHECK_FALSE(none->has_value());
  CHECK(lists_nothing(repo, repo.list("p/a")));
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
  paths.insert(paths.end(), {"a/f", "none", "none/below", "a/f/below", "a/b/1"});
  if (repo.features().symlinks && repo.make_symlink("a/link", "b")) // not just any, of another host
    paths.emplace_back("a/link");
  if (repo.features().paths)
    paths.emplace_back("");
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
      CHECK((*seen)[i]->link_destination == (**alone).link_destination);
    }
  }
  CHECK(repo.many_infos({})->empty());
  if (repo.features().paths) {
    CHECK(info_of(repo, "a/b/99").kind == entry_kind::path);
    CHECK(info_of(repo, "a/b/99").mode == 0750);
    CHECK(code_of(repo.make_many_paths(std::array{std::string("a/new"), std::string("a/f")})) ==
          errc::path_create);
  }
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
  const bool paths = repo.features().paths;
  if (paths)
    plant(on, "p/q/link", "../../other");
  CHECK(repo.remove_file("p/g"));
  CHECK(repo.remove_file("p/g"));
  CHECK(repo.remove_file("no/such"));
  if (paths)
    CHECK(code_of(repo.remove_file("p/q")) == errc::file_remove);
  else
    CHECK(repo.remove_file("p/q")); // there is none
  CHECK(exists(repo, "p/q/f"));
  CHECK(repo.remove_tree("p"));
  CHECK(repo.remove_tree("p"));
  CHECK_FALSE(exists(repo, "p"));
  CHECK(read(repo, "other/f") == "x"); // the link went, not what it named
  if (paths)
    plant(on, "l", "other");
  CHECK(repo.remove_tree("l"));
  CHECK(names_of(repo, "") == names{"other"});
  CHECK(repo.remove_tree("other/f"));
  if (paths)
    CHECK(names_of(repo, "other").empty());
  else
    CHECK(names_of(repo, "other") == names{"f"}); // what is below such a name went, not the file
}

TEST_CASE_TEMPLATE("storage: removes many files at once", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  names all;
  for (int i = 0; i < 150; ++i) { // more than an SFTP server is asked for at once
    all.push_back((i % 2 != 0 ? "p/f" : "p/q/f") + std::to_string(i));
    REQUIRE(write_all(repo, all.back(), "x", {.sync = false}));
  }
  REQUIRE(write_all(repo, "p/kept", "x"));
  all.emplace_back("p/none");
  all.emplace_back("no/such");
  REQUIRE(repo.remove_files(all));
  CHECK(repo.remove_files(all)); // those that are missing are passed over
  CHECK(repo.remove_files({}));
  if (!repo.features().paths) {
    CHECK(names_of(repo, "p") == names{"kept"});
    return;
  }
  CHECK(names_of(repo, "p") == names{"kept", "q"});
  CHECK(names_of(repo, "p/q").empty());
  CHECK(code_of(repo.remove_files(std::array<std::string, 2>{"p/none", "p/q"})) ==
        errc::file_remove);
  CHECK(exists(repo, "p/q"));
}

TEST_CASE_TEMPLATE("storage: moves", rig, ALL_RIGS) {
  rig on;
  auto& repo = on.repo;
  if (!repo.features().rename)
    return; // contract_claims_test.cpp has what it says then
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
  CHECK(lists_nothing(repo, repo.list_some("p/f100", "", 5)));
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
  CHECK(refused(repo.remove_files(std::array<std::string, 2>{"none", std::string(bad)})));
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
  CHECK(code_of(repo.open_read("f/g")) == errc::file_missing);
  if (!repo.features().paths) {
    REQUIRE(write_all(repo, "p/g", "x"));
    CHECK(code_of(repo.open_read("p")) == errc::file_missing);
    return; // keys know no paths: a name may be that of a file and of a path
  }
  REQUIRE(repo.make_path("p/q"));
  CHECK(code_of(repo.open_read("p")) == errc::file_open);
  CHECK(code_of(repo.open_write("p", {.how = publish::in_place})) == errc::file_open);
  CHECK(code_of(write_all(repo, "p", "x")) == errc::file_move);
  CHECK(code_of(repo.make_path("f")) == errc::path_create);
  CHECK(code_of(repo.make_path("f/g")) == errc::path_create);
  CHECK(names_of(repo, "") == names{"f", "p"});
}
