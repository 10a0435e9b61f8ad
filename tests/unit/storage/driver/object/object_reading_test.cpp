// How objects are read: in pieces, together, ahead.
// SPDX-License-Identifier: MIT
#include "tests/unit/storage/driver/object/bucket_rig.hpp"

#include <algorithm>
#include <utility>

using namespace pgbraid;
using namespace pgbraid::object_test;

TEST_CASE("object storage: an object that changes while it is read is noticed") {
  rig on("/r", in_small_parts);
  REQUIRE(write_all(on.repo, "f", std::string(200, 'a')));
  auto file = on.repo.open_read("f");
  REQUIRE(file);
  REQUIRE(write_all(on.repo, "f", std::string(200, 'b')));
  std::string room(200, '\0');
  CHECK(code_of((*file)->read(std::as_writable_bytes(std::span(room)))) == errc::file_read);
}

TEST_CASE("object storage: who knows how long it is asks for all pieces at once") {
  rig on("/r", in_small_parts);
  const std::string content = "0123456789abcdefghijklmnopqrstuvwxyz";
  REQUIRE(write_all(on.repo, "f", content));
  on.bucket->asked_for->most = 0;
  CHECK(read(on.repo, "f", {.size_hint_bytes = 36}) == content);
  CHECK(on.bucket->asked_for->most == 4); // the first, and three behind it
  CHECK(on.bucket->count("read") == 6);
  // It knew wrong: nothing is missing, and nothing comes twice.
  CHECK(read(on.repo, "f", {.size_hint_bytes = 20}) == content);
  CHECK(read(on.repo, "f", {.size_hint_bytes = 100}) == content);
  CHECK(read(on.repo, "f", {.offset_bytes = 30, .limit_bytes = 4, .size_hint_bytes = 100}) ==
        "uvwx");
  CHECK(read(on.repo, "f", {.offset_bytes = 40, .size_hint_bytes = 100}).empty());
  CHECK(code_of(on.repo.open_read("none", {.size_hint_bytes = 100})) == errc::file_missing);
  CHECK(on.bucket->asked_for->now == 0);
}

TEST_CASE("object storage: of two contents no piece is taken for one of the other") {
  rig on("/r", in_small_parts);
  REQUIRE(write_all(on.repo, "f", std::string(36, 'a')));
  int asked = 0;
  on.bucket->failing = [&](std::string_view verb) -> std::optional<error> {
    if (verb == "read" && ++asked == 2)
      on.bucket->objects["r/f"] = std::string(36, 'b');
    return {};
  };
  auto file = on.repo.open_read("f", {.size_hint_bytes = 36});
  REQUIRE(file);
  std::string room(36, '\0');
  CHECK(code_of((*file)->read(std::as_writable_bytes(std::span(room)))) == errc::file_read);
}

TEST_CASE("object storage: what is read alone comes with one request, as far as memory allows") {
  rig on("/r", in_small_parts);
  const std::string content = "0123456789abcdefghijklmnopqrstuvwxyz";
  REQUIRE(write_all(on.repo, "f", content));
  CHECK(read(on.repo, "f", {.limit_bytes = 1000, .alone = true}) == content);
  CHECK(on.bucket->count("read") == 3); // 28, as four pieces of 7, and twice as ever
  CHECK(read(on.repo, "f", {.offset_bytes = 10, .limit_bytes = 20, .alone = true}) ==
        content.substr(10, 20));
  CHECK(on.bucket->count("read") == 4);
}

TEST_CASE("object storage: what is read alone is read as it comes") {
  const std::string content = "0123456789abcdefghijklmnopqrstuvwxyz";
  for (const size_t at_once : {1, 5, 13, 27, 28, 36}) {
    CAPTURE(at_once);
    rig on("/r", in_small_parts);
    on.bucket->some_bytes = at_once;
    REQUIRE(write_all(on.repo, "f", content));
    CHECK(read(on.repo, "f", {.limit_bytes = 1000, .alone = true}) == content);
    CHECK(on.bucket->count("read") == 3);
    CHECK(read(on.repo, "f", {.offset_bytes = 10, .limit_bytes = 20, .alone = true}) ==
          content.substr(10, 20));
    CHECK(read(on.repo, "f", {.offset_bytes = 36, .limit_bytes = 20, .alone = true}).empty());
    CHECK(code_of(on.repo.open_read("none", {.alone = true})) == errc::file_missing);
    // It is shorter than somebody thought who asks for what is behind, too.
    CHECK(read(on.repo, "f", {.size_hint_bytes = 100, .alone = true}) == content);
    // Whoever looks somewhere in between.
    auto file = on.repo.open_read("f", {.alone = true});
    REQUIRE(file);
    std::string room(10, '\0');
    CHECK(*(*file)->read(std::as_writable_bytes(std::span(room).first(3))) == 3);
    CHECK(*(*file)->read_at(std::as_writable_bytes(std::span(room)), 20) == 10);
    CHECK(room == "klmnopqrst");
    CHECK(*(*file)->read(std::as_writable_bytes(std::span(room))) == 10);
    CHECK(room == "3456789abc");
    file->reset();
    CHECK(on.bucket->asked_for->now == 0);
  }
}

TEST_CASE("object storage: what is damaged is said at its end, however it came") {
  class damaged final : public memory_store {
    class late final : public pending<std::optional<object_piece>> {
      bool has_come() const override { return true; }
      std::vector<std::byte> some(std::chrono::milliseconds) override {
        return std::vector<std::byte>(std::exchange(left_, 0));
      }
      result<std::optional<object_piece>> wait() override {
        return error{errc::file_read, "it is not what was stored"};
      }
      size_t left_ = 10;
    };
    asked<std::optional<object_piece>> read(const std::string&, uint64_t, uint64_t,
                                            const std::string&) override {
      return std::make_unique<late>();
    }
  };
  const auto repo = make_object_storage(std::make_shared<damaged>(), "/r", {});
  auto file = repo->open_read("f", {.alone = true});
  REQUIRE(file);
  std::string room(10, '\0');
  REQUIRE((*file)->read(std::as_writable_bytes(std::span(room))));
  const auto end = (*file)->read(std::as_writable_bytes(std::span(room)));
  CHECK(code_of(end) == errc::file_read);
  CHECK(end.failure().message == "unable to read '/r/f': it is not what was stored");
}

TEST_CASE("object storage: of a path only what begins so is asked for") {
  rig on;
  REQUIRE(write_all(on.repo, "p/0001-a", "x"));
  REQUIRE(write_all(on.repo, "p/0002-a", "x"));
  on.bucket->calls.clear();
  const auto found = on.repo.list_named("p", "0001");
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->size() == 1);
  CHECK(on.bucket->calls == names{"list some/repo/p/0001"});
  CHECK(code_of(on.repo.list_named("p", "../q")) == errc::param_invalid);
}

TEST_CASE("object storage: what is asked for ahead is under way before anybody waits") {
  rig on;
  CHECK(on.repo.features().reads_ahead);
  std::vector<small_read> files;
  for (int i = 0; i < 40; ++i) {
    files.push_back({.path = "f" + std::to_string(i), .limit_bytes = 4});
    REQUIRE(write_all(on.repo, files.back().path, std::to_string(i)));
  }
  auto ahead = on.repo.begin_small(files);
  CHECK(on.bucket->asked_for->now == 32);
  const auto read = ahead->wait(nullptr);
  CHECK(on.bucket->asked_for->now == 0);
  for (size_t i = 0; i < files.size(); ++i)
    CHECK(as_text(read[i].content) == std::to_string(i));
  ahead = on.repo.begin_small(files);
  ahead.reset();
  CHECK(on.bucket->asked_for->now == 0);
  CHECK(on.bucket->count("read") == 72);
}

TEST_CASE("object storage: a store that is lost is waited for once, not for each file") {
  rig on;
  std::vector<small_read> files(100, {.path = "f", .limit_bytes = 4});
  REQUIRE(write_all(on.repo, "f", "x"));
  size_t asked = 0;
  on.bucket->failing = [&](std::string_view verb) -> std::optional<error> {
    if (verb == "read" && ++asked > 3)
      return error{errc::host_connect, "gone", {}, true};
    return {};
  };
  on.repo.read_small(files, nullptr);
  CHECK(asked == 32 + 3); // with the first three answers three more were asked for
  for (size_t i = 0; i < 3; ++i)
    CHECK(as_text(files[i].content) == "x");
  for (size_t i = 3; i < files.size(); ++i) {
    REQUIRE(files[i].failure);
    CHECK(files[i].failure->code == errc::host_connect);
  }
  // What is wrong with one is no reason to leave the others.
  files.assign(40, {.path = "f", .limit_bytes = 4});
  on.bucket->failing = [n = 0](std::string_view verb) mutable -> std::optional<error> {
    if (verb == "read" && ++n == 2)
      return error{errc::file_read, "damaged"};
    return {};
  };
  on.repo.read_small(files, nullptr);
  CHECK(std::ranges::count_if(files, [](const auto& one) { return one.failure.has_value(); }) == 1);
  on.bucket->failing = {};
}

TEST_CASE("object storage: any place of an object can be read again") {
  rig on("/r", in_small_parts);
  const std::string content = "0123456789abcdefghijklmnopqrstuvwxyz";
  REQUIRE(write_all(on.repo, "f", content));
  auto file = on.repo.open_read("f", {.offset_bytes = 5, .limit_bytes = 3});
  REQUIRE(file);
  std::string room(20, '\0');
  const auto out = std::as_writable_bytes(std::span(room));
  CHECK(*(*file)->read_at(out, 10) == 20);
  CHECK(room == content.substr(10, 20));
  CHECK(*(*file)->read(out) == 3);
  CHECK(room.substr(0, 3) == "567");
  CHECK(*(*file)->read_at(out, 30) == 6);
  CHECK(*(*file)->read_at(out, 36) == 0);
}

TEST_CASE("object storage: a bundle that is read to its end is as many requests as it has pieces") {
  rig on("/r", {.reading = {.piece_bytes = 70, .pieces = 3, .read_over_bytes = 5}});
  CHECK(on.repo.features().read_over_bytes == 5);
  const std::string bundle(1000, 'b');
  REQUIRE(write_all(on.repo, "bundle/1", bundle));
  CHECK(read(on.repo, "bundle/1") == bundle);
  CHECK(on.bucket->count("read") == 15);
  CHECK(read(on.repo, "bundle/1", {.offset_bytes = 400, .limit_bytes = 70}) ==
        bundle.substr(0, 70));
  CHECK(on.bucket->count("read") == 16);
}

TEST_CASE("object storage: small files together, each with its own outcome") {
  rig on;
  std::vector<small_read> files;
  for (int i = 0; i < 100; ++i) {
    files.push_back({.path = "p/f" + std::to_string(i), .limit_bytes = 4});
    REQUIRE(write_all(on.repo, files.back().path, std::to_string(i)));
  }
  files.push_back({.path = "p/none", .limit_bytes = 4});
  files.push_back({.path = "../x", .limit_bytes = 4});
  on.repo.read_small(files, nullptr);
  for (size_t i = 0; i < 100; ++i)
    CHECK(as_text(files[i].content) == std::to_string(i));
  CHECK(files[100].failure->code == errc::file_missing);
  CHECK(files[101].failure->code == errc::param_invalid);
}
