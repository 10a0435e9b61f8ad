// Tests of what repo-ls prints of each name.
// SPDX-License-Identifier: MIT
#include "engine/report/file_list.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace pgbraid::report;

TEST_CASE("file list: a name a line") {
  file_list list(false);
  list.end();
  CHECK(list.take().empty());
  list.add({.name = "a b"});
  list.add({.name = "c", .kind = listed_kind::path});
  list.end();
  CHECK(list.take() == "a b\nc\n");
  CHECK(list.take().empty());
}

TEST_CASE("file list: a JSON object that may come in pieces") {
  file_list empty(true);
  empty.end();
  CHECK(empty.take() == "{}\n");
  file_list list(true);
  list.add({.name = ".", .kind = listed_kind::path});
  auto text = list.take();
  list.add({.name = "with \" and \n", .size_bytes = 7, .mtime_s = 9, .version = "v\\1"});
  list.add({.name = "l", .kind = listed_kind::link, .destination = "to"});
  list.add({.name = "s", .kind = listed_kind::special, .size_bytes = 7});
  list.end();
  text += list.take();
  CHECK(text.ends_with("}\n"));
  CHECK(nlohmann::json::parse(text) ==
        nlohmann::json(
            {{".", {{"type", "path"}}},
             {"with \" and \n", {{"type", "file"}, {"size", 7}, {"time", 9}, {"version", "v\\1"}}},
             {"l", {{"type", "link"}, {"destination", "to"}}},
             {"s", {{"type", "special"}}}}));
}
