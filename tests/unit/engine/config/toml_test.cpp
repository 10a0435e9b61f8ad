// TOML files: the same options with typed values, errors with their place.
// SPDX-License-Identifier: MIT
#include "engine/config/toml.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/config/run.hpp"

#include <random>

using namespace pgbraid;
using namespace pgbraid::config;

namespace {

run with(std::string file) {
  run out{{"backup", "--stanza=demo"}};
  out.file = std::move(file);
  out.extension = ".toml";
  return out;
}

/// The error without the name of the file, which is a temporary one.
std::string problem(std::string file) {
  auto text = with(std::move(file)).bad();
  const auto begin = text.find("file '");
  const auto end = text.find(".toml' ");
  REQUIRE(end != std::string::npos);
  return text.substr(0, begin) + text.substr(end + 7);
}

} // namespace

TEST_CASE("toml: sections, types, lists and maps") {
  const auto opts = with(R"(
[global]
repo1-path = "/r"
repo1-bundle = true
repo2-path = "/r2"
process-max = 3
archive-timeout = "2m"
buffer-size = 65536

[demo]
pg1-path = "/pg"
pg1-port = 5433
exclude = ["a", "b/"]

[demo.backup]
start-fast = true

["demo:backup".annotation]
source = "test"
ticket = 12

["global:backup"]
start-fast = false
)")
                        .good();
  CHECK(opts.repo_count() == 2);
  CHECK(opts.text("repo-path", 1) == "/r2");
  CHECK(opts.flag("repo-bundle", 0));
  CHECK(opts.integer("process-max") == 3);
  CHECK(opts.time_ms("archive-timeout") == 120'000);
  CHECK(opts.size_bytes("buffer-size") == 65536);
  CHECK(opts.integer("pg-port") == 5433);
  CHECK(opts.list("exclude") == std::vector<std::string>{"a", "b/"});
  CHECK(opts.flag("start-fast"));
  CHECK(opts.map("annotation") ==
        std::map<std::string, std::string>{{"source", "test"}, {"ticket", "12"}});
  CHECK(opts.source("exclude") == value_source::file);
}

TEST_CASE("toml: bad syntax names line and column") {
  test::hostile("lines of configuration", 3);
  CHECK(problem("[global]\nprocess-max = = 3\n").starts_with("[29]: line 2, column 15: "));
  CHECK(
      problem("[global]\nprocess-max = 1\nprocess-max = 2\n").starts_with("[29]: line 3, column "));
  CHECK(problem("process-max = 1\n") ==
        "[29]: line 1, column 1: 'process-max' stands outside of a section\n"
        "HINT: write the line [global] or the one of a stanza, such as [demo], above it.");
}

TEST_CASE("toml: unknown names are errors with the nearest known one, in every section") {
  test::hostile("lines of configuration", 3);
  CHECK(problem("[global]\nproces-max = 1\n") ==
        "[31]: line 2, column 1: unknown option 'proces-max'\nHINT: did you mean 'process-max'?");
  CHECK(problem("[other]\n\n  repo1-pth = \"/x\"\n") ==
        "[31]: line 3, column 3: unknown option 'repo1-pth'\nHINT: did you mean 'repo1-path'?");
  CHECK(problem("[global]\nrepo-bundle = true\n")
            .starts_with("[31]: line 2, column 1: option 'repo-bundle' requires an index"));
}

TEST_CASE("toml: values of the wrong type or out of range, with their place") {
  test::hostile("lines of configuration", 7);
  CHECK(problem("[global]\nprocess-max = true\n") ==
        "[32]: line 2, column 15: option 'process-max' takes an integer\n"
        "HINT: write process-max = 4, a number without quotes.");
  CHECK(problem("[global]\nprocess-max = 1.5\n").find("takes an integer") != std::string::npos);
  CHECK(problem("[global]\nstart-fast = \"y\"\n") ==
        "[32]: line 2, column 14: option 'start-fast' takes true or false\n"
        "HINT: write start-fast = true or start-fast = false, without quotes.");
  CHECK(problem("[global]\nprocess-max = [1]\n").find("takes an integer") != std::string::npos);
  CHECK(problem("[demo]\nannotation = \"a=b\"\n") ==
        "[32]: line 2, column 14: option 'annotation' takes a table\n"
        "HINT: write annotation = { \"key\" = \"value\" }.");
  CHECK(problem("[global]\nrepo1-path = \"\"\n").find("must have a value") != std::string::npos);
  CHECK(problem("[demo]\npg1-path = \"/pg\"\nprocess-max = 1000\n") ==
        "[32]: line 3, column 1: '1000' is out of range for 'process-max' option\n"
        "HINT: allowed range is 1 to 999 inclusive");
}

TEST_CASE("toml: what was typed as in an INI file gets the cure") {
  const auto cured = [](const std::string& line, const std::string& cure) {
    const auto said = problem("[global]\n" + line + "\n");
    CHECK_MESSAGE(said.find(cure) != std::string::npos, said);
  };
  cured("repo1-path = /var/lib/pgbackrest", "write repo1-path = \"/path\", with quotes.");
  cured("repo1-path=/var/lib/pgbackrest", "the line is: repo1-path=/var/lib/pgbackrest");
  cured("start-fast = y", "write start-fast = true or start-fast = false");
  cured("start-fast = True", "write start-fast = true");
  cured("compress-type = zst", "write compress-type = \"...\", with quotes.");
  cured("buffer-size = 1MiB", "write buffer-size = \"16MiB\", with quotes.");
  cured("archive-timeout = 2m", "write archive-timeout = \"5m\", with quotes.");
  cured("process-max 4", "write process-max = 4");
  cured("exclude = a, b", "write exclude = [\"first\", \"second\"].");
  cured("[global:backup]", "a section for one command is written with a dot: [global.backup]");
  cured("[demo:restore]", "with a dot: [demo.restore]");
  cured("[global", "a section ends with ]");
  cured("; repo1-path = 1", "comments begin with '#'");
  cured("repo1-path = \xE2\x80\x9C/r\xE2\x80\x9D", "the curly quote U+201C");
}

TEST_CASE("toml: no error repeats a secret") {
  for (const std::string line : {"repo1-cipher-pass = hunter2", "repo1-cipher-pass hunter2",
                                 "hunter2", "hunter2 = ", "[hunter2", "\"hunter2", "h = hunter2"}) {
    test::hostile("lines of configuration");
    CHECK(problem("[global]\n" + line + "\n").find("hunter2") == std::string::npos);
  }

  for (const auto* value :
       {"99999999999999999999", "hunter2", "\"99999999999999999999", "true99999"}) {
    test::hostile("lines of configuration");
    CHECK(problem(std::string("[global]\nrepo1-cipher-pass = ") + value + "\n").find("9999") ==
          std::string::npos);
  }
}

TEST_CASE("toml: options that are only for the command line are warned about") {
  auto one = with("[demo]\npg1-path = \"/pg\"\nonline = false\n");
  CHECK(one.good().flag("online"));
  CHECK(one.warnings ==
        std::vector<std::string>{"configuration file contains command-line only option 'online'"});
}

TEST_CASE("toml: broken and hostile text is refused, never more") {
  const std::string sound = "[global]\nrepo1-path = \"/r\"\nprocess-max = 3\n[demo]\n"
                            "exclude = [\"a\", 'b']\nannotation = {a = 1, b = \"x\"}\n"
                            "[demo.backup]\nstart-fast = true # so\n";
  REQUIRE(parse_toml(sound, "x"));
  std::vector<std::string> texts = {std::string(100000, '['),
                                    "[global]\nexclude = " + std::string(100000, '['),
                                    "[global]\nrepo1-path = \"\xff\xfe\"\n",
                                    std::string("\0\0", 2),
                                    "[a." + std::string(50000, 'b') + "]\n",
                                    "[global.backup.backup]\nprocess-max = 1\n",
                                    "[global]\nannotation = { = 1}\n",
                                    "[global]\n\xe2\xb2\x9e"
                                    "x = 1\n"};
  for (size_t size = 0; size < sound.size(); ++size)
    texts.push_back(sound.substr(0, size));
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    auto broken = sound;
    for (int j = 0; j < 3; ++j)
      broken[random() % broken.size()] = static_cast<char>(random() % 256);
    texts.push_back(std::move(broken));
  }
  for (const auto& text : texts) {
    const auto parsed = parse_toml(text, "x");
    if (parsed)
      continue;
    const auto code = parsed.failure().code;
    CHECK((code == errc::format || code == errc::option_invalid ||
           code == errc::option_invalid_value));
    CHECK(parsed.failure().message.find("line ") != std::string::npos);
  }
}
