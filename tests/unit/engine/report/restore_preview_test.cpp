// What a dry run of a restore prints.
// SPDX-License-Identifier: MIT
#include "engine/format/json_reader.hpp"
#include "engine/report/restore_preview.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::report;

namespace {

restore_preview some_preview() {
  return {.backup = "20261121-231250F_20261121-231258I",
          .repo_key = 2,
          .pg_path = "/data",
          .entries = {
              {restore_action::restore, "/data/base/1", 8192, "20261121-231250F"},
              {restore_action::restore, "/data/base/2", 16384, "20261121-231250F_20261121-231258I"},
              {restore_action::restore, "/data/base/3", 8192, "20261121-231250F"},
              {restore_action::keep, "/data/PG_VERSION", 3},
              {restore_action::zero, "/data/base/9/1", 1048576},
              {restore_action::remove, "/data/stranger"}}};
}

} // namespace

TEST_CASE("restore preview: a line for each name, and sums") {
  CHECK(preview_text(some_preview()) ==
        "restore /data/base/1 (8KB) from 20261121-231250F\n"
        "restore /data/base/2 (16KB) from 20261121-231250F_20261121-231258I\n"
        "restore /data/base/3 (8KB) from 20261121-231250F\n"
        "keep    /data/PG_VERSION (3B)\n"
        "zero    /data/base/9/1 (1MB)\n"
        "remove  /data/stranger\n"
        "backup 20261121-231250F_20261121-231258I of repo2 to '/data':\n"
        "  restore 3 file(s), 32KB (32768 bytes)\n"
        "  keep    1 file(s), 3B (3 bytes)\n"
        "  zero    1 file(s), 1MB (1048576 bytes)\n"
        "  remove  1 name(s)\n"
        "  from 20261121-231250F: 2 file(s), 16KB (16384 bytes)\n"
        "  from 20261121-231250F_20261121-231258I: 1 file(s), 16KB (16384 bytes)\n"
        "nothing was changed\n");
}

TEST_CASE("restore preview: the same as JSON") {
  auto of = some_preview();
  of.entries.resize(1);
  CHECK(preview_json(of) ==
        "{\"backup\":\"20261121-231250F_20261121-231258I\",\"entry\":[{\"action\":\"restore\","
        "\"bytes\":8192,\"from\":\"20261121-231250F\",\"path\":\"/data/base/1\"}],\"from\":{"
        "\"20261121-231250F\":{\"bytes\":8192,\"count\":1}},\"pg-path\":\"/data\",\"repo-key\":2,"
        "\"total\":{\"restore\":{\"bytes\":8192,\"count\":1},\"keep\":{\"bytes\":0,\"count\":0},"
        "\"zero\":{\"bytes\":0,\"count\":0},\"remove\":{\"bytes\":0,\"count\":0}}}\n");
}

TEST_CASE("restore preview: names steer no terminal and break no JSON") {
  test::hostile("control characters and line feeds", 2);
  auto of = some_preview();
  of.entries = {{restore_action::remove, "/data/\x1b[2J\nrestore /etc/passwd \"\xff"}};
  const auto text = preview_text(of);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.starts_with("remove  /data/\\x1b[2J\\x0arestore /etc/passwd"));
  const auto json = preview_json(of);
  CHECK(json.find('\x1b') == std::string::npos);
  CHECK(format::is_json(json.substr(0, json.size() - 1)));
}
