// Tests of listing a repository and of reading a file of it.
// SPDX-License-Identifier: MIT
#include "actors/look/list_names.hpp"
#include "actors/look/read_file.hpp"
#include "engine/codec/cipher_text.hpp"
#include "storage/driver/memory/memory_storage.hpp"
#include "storage/forwarding_storage.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace pgbraid;
using namespace pgbraid::look;

namespace {

struct told {
  std::string text;
  int pieces_wanted = 1000;
  piece_taker taker() {
    return [this](std::string_view piece) -> result<bool> {
      text += piece;
      return --pieces_wanted > 0;
    };
  }
};

class by_directory final : public forwarding_storage {
public:
  using forwarding_storage::forwarding_storage;
  storage_features features() const override {
    auto all = forwarding_storage::features();
    all.tree_listing = false;
    return all;
  }
};

memory_storage tree() {
  memory_storage in("/repo");
  for (const auto* name : {"z/a/c/d", "z/a/x", "z/a-b/y", "z/a.txt", "z/B"})
    REQUIRE(write_all(in, name, "four"));
  return in;
}

std::string listed(const std::string& path, const list_wish& wish) {
  auto in = tree();
  told to;
  REQUIRE(list_names(in, path, wish, to.taker()));
  return to.text;
}

std::string read(repository& in, const std::string& path, const read_wish& wish = {}) {
  told to;
  const auto done = read_file(in, path, wish, to.taker());
  if (!done)
    return std::to_string(static_cast<int>(done.failure().code));
  return *done ? to.text : "missing";
}

} // namespace

TEST_CASE("look: a path comes before what is in it, and behind it the other way round") {
  CHECK(listed("z", {}) == "B\na\na-b\na.txt\n");
  CHECK(listed("z", {.recurse = true}) == "B\na\na/c\na/c/d\na/x\na-b\na-b/y\na.txt\n");
  CHECK(listed("z", {.recurse = true, .descending = true}) ==
        "a.txt\na-b/y\na-b\na/x\na/c/d\na/c\na\nB\n");
  CHECK(listed("", {}) == "z\n");
}

TEST_CASE("look: a path that is missing has nothing, and a file is itself") {
  CHECK(listed("none", {}).empty());
  CHECK(listed("none", {.json = true}) == "{\".\":{\"type\":\"path\"}}\n");
  CHECK(listed("z/B", {}) == ".\n");
  CHECK(listed("z/B", {.json = true}).starts_with("{\".\":{\"type\":\"file\",\"size\":4,"));
  CHECK(listed("z/B", {.filter = "^B$"}) == ".\n");
  CHECK(listed("z/B", {.filter = "a"}).empty());
}

TEST_CASE("look: a filter looks at whole ways") {
  CHECK(listed("z", {.recurse = true, .filter = "^a/|txt$"}) == "a/c\na/c/d\na/x\na.txt\n");
  CHECK(listed("z", {.json = true, .filter = "nothing"}) == "{}\n");
  auto in = tree();
  told to;
  const auto refused = list_names(in, "z", {.filter = "("}, to.taker());
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().code == errc::format);
  CHECK(to.text.empty());
}

TEST_CASE("look: directory by directory it is the same, and who wants no more is told no more") {
  by_directory in(std::make_unique<memory_storage>(tree()));
  for (const bool down : {false, true}) {
    const list_wish wish{.recurse = true, .descending = down};
    told to;
    REQUIRE(list_names(in, "z", wish, to.taker()));
    CHECK(to.text == listed("z", wish));
  }
  told to{.text = {}, .pieces_wanted = 1};
  REQUIRE(list_names(in, "z", {.recurse = true}, to.taker()));
  CHECK(to.text == "B\na\na/c\na/c/d\n"); // the first directory that ended
}

TEST_CASE("look: a file as it is, and what is none") {
  auto files = tree();
  repository in(files, {.stanza = ""});
  CHECK(read(in, "z/B") == "four");
  CHECK(read(in, "z/none") == "55");
  CHECK(read(in, "z/none", {.ignore_missing = true}) == "missing");
  CHECK(read(in, "z/a") == "42");
}

TEST_CASE("look: an encrypted file is opened, and no other is") {
  memory_storage files("/repo");
  repository in(files,
                {.stanza = "demo", .cipher = cipher_type::aes_256_cbc, .passphrase = secret("r")});
  const std::string name = "archive/demo/archive.info";
  const auto large = "[backrest]\n" + std::string(1'000'000, 'x');
  const auto sealed = codec::encrypt_all(as_bytes(large), "r");
  REQUIRE(sealed);
  const std::string stored(as_text(*sealed));
  REQUIRE(write_all(files, name, stored));
  CHECK(read(in, name) == large);
  CHECK(read(in, name, {.raw = true}) == stored);
  CHECK(read(in, name, {.stanza = "demo"}) == large);
  CHECK(read(in, name, {.stanza = "other"}) == "32");
  CHECK(read(in, "elsewhere") == "32");
  CHECK(read(in, "backup/demo/20260101-000000F/bundle/1") == "95");
  REQUIRE(write_all(files, name, stored.substr(0, stored.size() - 3)));
  CHECK(read(in, name) == "95");
  REQUIRE(write_all(files, name, stored));
  // Now and then a wrong passphrase leaves sound padding: nothing of it is shown all the same.
  for (int i = 0; i < 600; ++i) {
    test::hostile("manifests and info files");
    repository wrong(files, {.stanza = "demo",
                             .cipher = cipher_type::aes_256_cbc,
                             .passphrase = secret("wrong " + std::to_string(i))});
    told to;
    const auto refused = read_file(wrong, name, {}, to.taker());
    REQUIRE_FALSE(refused);
    REQUIRE(refused.failure().code == errc::crypto);
    REQUIRE(to.text.empty());
  }
}
