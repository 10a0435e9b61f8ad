// The contract, as far as it goes where there are neither paths nor names to change.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/list_guard.hpp"
#include "storage/driver/object/object_keys.hpp"
#include "storage/driver/object/object_writer.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/storage/driver/object/bucket_rig.hpp"

using namespace pgbraid;
using namespace pgbraid::object;
using namespace pgbraid::object_test;

TEST_CASE("object storage: keys are paths below that of the repository") {
  rig on;
  REQUIRE(write_all(on.repo, "backup/demo/backup.info", "x"));
  CHECK(on.bucket->objects.begin()->first == "some/repo/backup/demo/backup.info");
  rig whole("/");
  REQUIRE(write_all(whole.repo, "backup/f", "x"));
  CHECK(whole.bucket->objects.begin()->first == "backup/f");
  CHECK(whole.list("") == names{"backup/"});
}

TEST_CASE("object storage: nothing is there before something is") {
  rig on;
  CHECK_FALSE(on.repo.info("")->has_value());
  CHECK_FALSE(on.repo.list("")->has_value());
  CHECK_FALSE(on.repo.list_tree("a")->has_value());
  CHECK(code_of(on.repo.open_read("a")) == errc::file_missing);
  CHECK(on.repo.remove_file("a"));
  CHECK(on.repo.remove_tree("a"));
  REQUIRE(on.repo.make_path("a/b"));
  CHECK_FALSE(on.repo.info("a/b")->has_value());
}

TEST_CASE("object storage: what is in a path, and what a name is") {
  rig on;
  for (const auto* path : {"t/b/f", "t/b.c", "t/a/b/c/d", "t/z", "other/f", "t-x/f"})
    REQUIRE(write_all(on.repo, path, path));
  CHECK(on.list("t") == names{"a/", "b/", "b.c", "z"});
  CHECK(on.repo.info("t")->value().kind == entry_kind::path);
  CHECK(on.repo.info("t/z")->value().size_bytes == 3);
  CHECK(on.repo.info("t/z")->value().mtime_s == 1000);
  CHECK_FALSE(on.repo.info("t/y")->has_value());
  const auto all = on.repo.list_tree("t");
  REQUIRE(all);
  names seen;
  for (const auto& one : **all)
    seen.push_back(one.name);
  CHECK(seen == names{"a", "a/b", "a/b/c", "a/b/c/d", "b", "b.c", "b/f", "z"});
  const names asked = {"t/z", "t", "none", "", "other/f"};
  const auto infos = on.repo.many_infos(asked);
  REQUIRE(infos);
  CHECK((*infos)[0]->kind == entry_kind::file);
  CHECK((*infos)[1]->kind == entry_kind::path);
  CHECK_FALSE((*infos)[2]);
  CHECK((*infos)[3]->kind == entry_kind::path);
  CHECK((*infos)[4]->kind == entry_kind::file);
}

TEST_CASE("object storage: lists come in pages") {
  rig on;
  names wanted;
  for (int i = 100; i < 150; ++i) {
    wanted.push_back("f" + std::to_string(i));
    REQUIRE(write_all(on.repo, "p/" + wanted.back(), "x"));
    REQUIRE(write_all(on.repo, "p/d" + std::to_string(i) + "/f", "x"));
  }
  on.bucket->page_most = 7;
  CHECK(on.list("p").size() == 100);
  CHECK(on.repo.list_tree("p")->value().size() == 150);
  REQUIRE(on.repo.remove_tree("p"));
  CHECK(on.bucket->objects.empty());
}

TEST_CASE("object storage: content of all sizes, in one or in parts") {
  rig on("/r", in_small_parts);
  for (const size_t size : {0, 1, 7, 9, 10, 11, 20, 21, 100, 1000}) {
    CAPTURE(size);
    std::string content;
    for (size_t i = 0; i < size; ++i)
      content += static_cast<char>('a' + i % 26);
    for (const auto how : {publish::in_place, publish::atomic}) {
      auto file = on.repo.open_write("p/f", {.how = how});
      REQUIRE(file);
      for (size_t at = 0; at < size; at += 3)
        REQUIRE((*file)->write(as_bytes(std::string_view(content).substr(at, 3))));
      CHECK_FALSE(on.bucket->objects.contains("r/p/f"));
      REQUIRE((*file)->begin_commit());
      for (bool ended = false; !ended;)
        ended = *(*file)->committed(false);
      CHECK(read(on.repo, "p/f") == content);
      CHECK(read(on.repo, "p/f", {.offset_bytes = 5, .limit_bytes = 20}) ==
            (size > 5 ? content.substr(5, 20) : ""));
      CHECK(read(on.repo, "p/f", {.limit_bytes = 0}).empty());
      REQUIRE(on.repo.remove_file("p/f"));
    }
  }
  CHECK(on.bucket->uploads.empty());
}

TEST_CASE("object storage: what is not committed leaves nothing") {
  rig on("/r", in_small_parts);
  {
    auto file = on.repo.open_write("f");
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes(std::string(35, 'x'))));
    CHECK(on.bucket->uploads.size() == 1);
  }
  CHECK(on.bucket->uploads.empty());
  CHECK(on.bucket->objects.empty());
}

TEST_CASE("object storage: old uploads that nobody ended go, others stay") {
  rig on("/r", in_small_parts);
  const auto begin = [&](const std::string& key, int64_t at_s) {
    on.bucket->now_s = at_s;
    REQUIRE(on.bucket->begin_parts(key)->wait());
  };
  for (int i = 0; i < 7; ++i)
    begin("r/backup/demo/old" + std::to_string(i), 100 + i);
  begin("r/backup/demo/new", 200);
  begin("r/backup/demo-2/old", 100);
  begin("elsewhere/backup/demo/old", 100);
  on.bucket->page_most = 3;
  REQUIRE(on.repo.remove_unfinished("backup/demo", 106));
  std::vector<std::string> left;
  for (const auto& [id, parts] : on.bucket->uploads)
    left.push_back(on.bucket->begun.at(id).key);
  std::ranges::sort(left);
  CHECK(left == std::vector<std::string>{"elsewhere/backup/demo/old", "r/backup/demo-2/old",
                                         "r/backup/demo/new", "r/backup/demo/old6"});
  on.bucket->failing = [](std::string_view) { return error{errc::service, "no"}; };
  CHECK(code_of(on.repo.remove_unfinished("backup/demo", 106)) == errc::service);
  CHECK(code_of(on.repo.remove_unfinished("../demo", 106)) == errc::param_invalid);
}

TEST_CASE("object storage: a failure on the way is told, and nothing is published") {
  for (const std::string verb : {"begin", "part", "end", "put"}) {
    CAPTURE(verb);
    rig on("/r", in_small_parts);
    on.bucket->failing = [verb](std::string_view asked) {
      return asked == verb ? std::optional(error{errc::service, "no"}) : std::nullopt;
    };
    const auto wrote = write_all(on.repo, "f", std::string(verb == "put" ? 5 : 95, 'x'));
    CHECK(code_of(wrote) == errc::service);
    CHECK(wrote.failure().message.find("/r/f") != std::string::npos);
    CHECK(on.bucket->objects.empty());
    CHECK(on.bucket->uploads.empty());
  }
}

TEST_CASE("object storage: parts are enough for any object") {
  constexpr uint64_t chunk = uint64_t{5} << 20;
  CHECK(part_bytes_of(1, chunk, 0) == chunk);
  CHECK(part_bytes_of(900, chunk, 0) == chunk);
  CHECK(part_bytes_of(901, chunk, 0) == 2 * chunk);
  CHECK(part_bytes_of(1, chunk, uint64_t{1} << 40) > chunk); // known to be large
  for (const uint64_t hint : {uint64_t{0}, uint64_t{1} << 40, uint64_t{4} << 40}) {
    uint64_t room = 0;
    for (unsigned number = 1; number <= parts_most; ++number) {
      const auto part = part_bytes_of(number, chunk, hint);
      CHECK(part <= uint64_t{512} << 20);
      room += part;
    }
    CHECK(room >= std::max(hint, uint64_t{1} << 40));
  }
}

TEST_CASE("object storage: what a store cannot do is refused") {
  rig on;
  REQUIRE(write_all(on.repo, "f", "x"));
  CHECK(code_of(on.repo.move("f", "g")) == errc::feature_not_supported);
  CHECK(code_of(on.repo.make_symlink("l", "f")) == errc::feature_not_supported);
  CHECK(code_of(on.repo.make_hardlink("l", "f")) == errc::feature_not_supported);
  CHECK(code_of(on.repo.versions("f")) == errc::feature_not_supported);
  const auto can = on.repo.features();
  CHECK_FALSE((can.paths || can.symlinks || can.hardlinks || can.rename || can.path_sync));
  REQUIRE(on.repo.set_attributes("f", {.mtime_s = 5}));
  CHECK(on.bucket->count("touch") == 1);
  REQUIRE(on.repo.set_attributes("f", {.mode = 0640}));
  CHECK(on.bucket->count("touch") == 1);
}

TEST_CASE("object storage: paths that lead elsewhere are refused before anything is asked") {
  rig on;
  for (const auto* path : {"..", "../x", "/etc/passwd", "a//b", "a/./b", "a/"}) {
    CHECK(code_of(on.repo.info(path)) == errc::param_invalid);
    CHECK(code_of(on.repo.list(path)) == errc::param_invalid);
    CHECK(code_of(on.repo.open_read(path)) == errc::param_invalid);
    CHECK(code_of(on.repo.open_write(path)) == errc::param_invalid);
    CHECK(code_of(on.repo.remove_file(path)) == errc::param_invalid);
    CHECK(code_of(on.repo.remove_tree(path)) == errc::param_invalid);
  }
  CHECK(on.bucket->calls.empty());
}

TEST_CASE("object storage: names that are none are passed over, and go with their tree") {
  rig on("/r");
  for (const std::string key : {"r/p/..", "r/p/.", "r/p//x", "r/p/a\nb", "r/p/", "r/p/../q/f"})
    on.bucket->objects[key] = "x";
  REQUIRE(write_all(on.repo, "p/f", "x"));
  CHECK(on.list("p") == names{"f"});
  CHECK(on.repo.list_tree("p")->value().size() == 1);
  REQUIRE(on.repo.remove_tree("p"));
  CHECK(on.bucket->objects.empty());
  // The mark of a path, as consoles make it, is a path without anything.
  on.bucket->objects["r/p/"] = "";
  CHECK(on.repo.list("p")->value().empty());
}

TEST_CASE("object storage: many files go in batches, odd names by themselves") {
  rig on("/r");
  names paths;
  for (int i = 0; i < 2500; ++i) {
    paths.push_back("p/f" + std::to_string(10000 + i));
    on.bucket->objects["r/" + paths.back()] = "x";
  }
  on.bucket->objects["r/p/a\nb"] = on.bucket->objects["r/p/kept"] = "x";
  paths.insert(paths.begin() + 5, "p/a\nb");
  paths.emplace_back("p/none");
  REQUIRE(on.repo.remove_files(paths));
  CHECK(on.bucket->removals == std::vector<size_t>{1000, 1000, 501, 1});
  CHECK(on.list("p") == names{"kept"});
  REQUIRE(on.repo.remove_files({}));
  CHECK(on.bucket->removals.size() == 4);
  CHECK(code_of(on.repo.remove_files(names{"p/kept", "../x"})) == errc::param_invalid);
  CHECK(code_of(on.repo.remove_files(names{"p/kept", ""})) == errc::file_remove);
  CHECK(on.bucket->removals.size() == 4); // nothing was asked for
  on.bucket->failing = [](std::string_view verb) {
    return verb == "remove" ? std::optional(error{errc::service, "no"}) : std::nullopt;
  };
  const auto refused = on.repo.remove_files(names{"p/kept"});
  CHECK(code_of(refused) == errc::service);
  CHECK(refused.failure().message.find("/r/p/kept") != std::string::npos);
}

TEST_CASE("object storage: pages that are empty hide nothing") {
  rig on("/r");
  REQUIRE(write_all(on.repo, "p/f", "x"));
  on.bucket->empty_pages = list_guard::empty_most;
  CHECK(on.repo.info("p")->value().kind == entry_kind::path);
  CHECK_FALSE(on.repo.info("q")->has_value());
  CHECK(on.list("p") == names{"f"});
  on.bucket->empty_pages = 3;
  on.bucket->calls.clear();
  const auto infos = on.repo.many_infos(names{"p", "q", "p/f"});
  REQUIRE(infos);
  CHECK((*infos)[0]->kind == entry_kind::path);
  CHECK_FALSE((*infos)[1]);
  CHECK((*infos)[2]->kind == entry_kind::file);
  CHECK(on.bucket->count("list") == 8);
  // More than that is a list that never ends.
  on.bucket->empty_pages = list_guard::empty_most + 1;
  hostile("answers of an object store", 2);
  CHECK(code_of(on.repo.info("p")) == errc::protocol);
  CHECK(code_of(on.repo.list("p")) == errc::protocol);
}

TEST_CASE("object storage: a list goes on behind what it told, or with another way on") {
  list_guard guard;
  CHECK(guard.goes_on({.objects = {{"b", 1, 1}}, .next = "1"}));
  CHECK(guard.goes_on({.objects = {{"c", 1, 1}}, .next = "1"})); // whatever a store calls its pages
  CHECK_FALSE(guard.goes_on({.objects = {{"c", 1, 1}}, .next = "2"}));
  list_guard other;
  CHECK(other.goes_on({.objects = {{"a", 1, 1}}, .prefixes = {"d/"}, .next = "1"}));
  CHECK(other.goes_on({.next = "2"}));
  CHECK_FALSE(other.goes_on({.next = "2"}));
  CHECK_FALSE(other.goes_on({.objects = {{"c", 1, 1}}, .next = "3"})); // empty pages change nothing
}

TEST_CASE("object storage: a list that begins again does not go on for ever") {
  struct liar final : public object_store {
    asked<object_page> list(const list_request& what) override {
      object_page page;
      page.objects.push_back({what.prefix + "f", 1, 1});
      page.next = "again";
      return std::make_unique<done<object_page>>(std::move(page));
    }
    asked<std::optional<object_about>> look(const std::string&) override { return {}; }
    asked<std::optional<object_piece>> read(const std::string&, uint64_t, uint64_t,
                                            const std::string&) override {
      return {};
    }
    asked<nothing> put(const std::string&, std::vector<std::byte>) override { return {}; }
    asked<std::string> begin_parts(const std::string&) override { return {}; }
    asked<uploaded_part> put_part(const std::string&, const std::string&, unsigned,
                                  std::vector<std::byte>) override {
      return {};
    }
    asked<nothing> end_parts(const std::string&, const std::string&, std::span<const uploaded_part>,
                             uint64_t) override {
      return {};
    }
    asked<nothing> drop_parts(const std::string&, const std::string&) override { return {}; }
    asked<nothing> remove(std::span<const std::string>) override { return {}; }
    asked<nothing> touch(const std::string&) override { return {}; }
  };
  const auto repo = make_object_storage(std::make_shared<liar>(), "/r", {});
  CHECK(code_of(repo->list("p")) == errc::protocol);
}

TEST_CASE("object storage: what a round trip is dear for goes side by side") {
  rig on("/", in_small_parts);
  const auto most_of = [&](auto what) {
    on.bucket->asked_for->most = 0;
    what();
    CHECK(on.bucket->asked_for->now == 0);
    return on.bucket->asked_for->most.load();
  };
  for (int i = 0; i < 100; ++i)
    on.bucket->objects["f" + std::to_string(i)] = std::string(100, 'x');
  names paths;
  std::vector<small_read> reads;
  for (int i = 0; i < 100; ++i) {
    paths.push_back("f" + std::to_string(i));
    reads.push_back({.path = paths.back(), .limit_bytes = 100});
  }
  CHECK(most_of([&] { on.repo.read_small(reads, nullptr); }) == 32);
  CHECK(most_of([&] { REQUIRE(on.repo.many_infos(paths)); }) == 32);
  CHECK(most_of([&] { CHECK(read(on.repo, "f0") == std::string(100, 'x')); }) == 3);
  CHECK(most_of([&] {
          auto file = on.repo.open_write("w", {});
          REQUIRE(file);
          REQUIRE((*file)->write(as_bytes(std::string_view(on.bucket->objects["f1"]))));
          REQUIRE((*file)->begin_commit());
          REQUIRE((*file)->committed(true));
        }) == 4);
  // One batch for a thousand, four batches at a time.
  names many;
  for (int i = 0; i < 7000; ++i)
    many.push_back("m" + std::to_string(i));
  CHECK(most_of([&] { REQUIRE(on.repo.remove_files(many)); }) == 4);
}

TEST_CASE("object storage: what is held stays, and all others go") {
  rig on("/r");
  names paths;
  for (int i = 0; i < 9000; ++i) {
    paths.push_back("p/" + std::to_string(i));
    on.bucket->objects["r/" + paths.back()] = "x";
  }
  on.bucket->kept = {"r/p/7", "r/p/8999"};
  SUBCASE("of many") {
    const auto gone = on.repo.remove_files(paths);
    REQUIRE_FALSE(gone);
    CHECK(gone.failure().held);
    CHECK(gone.failure().message.find("the store holds 'r/p/7'") != std::string::npos);
    CHECK(on.bucket->objects.size() == 2);
  }
  SUBCASE("of a tree") {
    const auto gone = on.repo.remove_tree("p");
    REQUIRE_FALSE(gone);
    CHECK(gone.failure().held);
    CHECK(on.bucket->objects.size() == 2);
    on.bucket->kept.clear();
    REQUIRE(on.repo.remove_tree("p"));
    CHECK(on.bucket->objects.empty());
  }
  SUBCASE("one by one") {
    CHECK(on.repo.remove_file("p/7").failure().held);
    CHECK(on.repo.remove_file("p/8"));
  }
  SUBCASE("what is worse ends it, and is told") {
    size_t asked = 0;
    on.bucket->failing = [&](std::string_view verb) -> std::optional<error> {
      if (verb == "remove" && ++asked == 2)
        return error{errc::protocol, "no"};
      return {};
    };
    const auto gone = on.repo.remove_files(paths);
    REQUIRE_FALSE(gone);
    CHECK_FALSE(gone.failure().held);
    CHECK(gone.failure().message.ends_with("no"));
    CHECK(on.bucket->removals.size() < 9);
  }
}
