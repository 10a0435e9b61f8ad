// What surrounds a command: its lines in the log, its exit status, and who may run it.
// Rules: cli/command/README.md, sections 1.1 to 1.3.
// SPDX-License-Identifier: MIT
#include "cli/frame/frame.hpp"
#include "engine/base/log.hpp"
#include "tests/unit/engine/config/run.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <new>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::cli;
using namespace pgbraid::test;
using strings = std::vector<std::string>;

namespace {

result<int> well(const config::options&) {
  return 0;
}
result<int> with_status_one(const config::options&) {
  return 1;
}
result<int> missing(const config::options&) {
  return error{errc::file_missing, "no such file", "Was it made?"};
}
result<int> out_of_memory(const config::options&) {
  throw std::bad_alloc();
}
result<int> thrown(const config::options&) {
  throw std::runtime_error("of a library");
}

/// Runs commands whose log lies in a directory of the test.
struct rig {
  scratch here;

  ~rig() {
    log::close_file();
    log::configure({});
  }
  strings words(strings more, const std::string& command = "expire") const {
    strings args = {command,           "--stanza=demo",           "--log-path=" + here.text(),
                    "--allow-root",    "--log-level-file=debug",  "--log-level-console=off",
                    "--repo1-path=/r", "--repo1-retention-full=1"};
    for (const auto& one : more) { // takes the place of the same one
      const auto name = one.substr(0, one.find('=') + 1);
      std::erase_if(args, [&](const auto& old) { return !name.empty() && old.starts_with(name); });
      args.push_back(one);
    }
    return args;
  }
  int run(run_function what, strings more = {}, const std::string& command = "expire") {
    const int status = run_framed(config::run{words(std::move(more), command)}.good(), what);
    log::close_file();
    return status;
  }
  /// The messages of a log, without times and levels.
  strings lines(const std::string& name) const {
    strings out;
    std::istringstream all(get(here / name));
    static const std::regex time(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} P00 +([A-Z]+: .*))");
    std::smatch parts;
    for (std::string line; std::getline(all, line);)
      out.push_back(std::regex_match(line, parts, time) ? parts[1].str() : line);
    return out;
  }
};

constexpr auto start_line = "-------------------PROCESS START-------------------";

} // namespace

TEST_CASE_FIXTURE(rig, "frame: a command is told from its begin to its end") {
  CHECK(run(well) == 0);
  const auto said = lines("demo-expire.log");
  REQUIRE(said.size() == 3);
  CHECK(said[0] == start_line);
  CHECK(said[1].starts_with("INFO: expire command begin 0.1.0: --allow-root "));
  CHECK(std::regex_match(
      said[2], std::regex(R"(INFO: expire command end: completed successfully \(\d+ms\))")));
  // A second run begins with an empty line.
  CHECK(run(well, {"--no-log-timestamp"}) == 0);
  const auto both = lines("demo-expire.log");
  REQUIRE(both.size() == 7);
  CHECK(both[3].empty());
  CHECK(both[4] == start_line);
  CHECK(both[6].ends_with("INFO: expire command end: completed successfully"));
}

TEST_CASE_FIXTURE(rig, "frame: outcomes become exit statuses and the lines that explain them") {
  struct row {
    run_function what;
    int status;
    std::string line;
  };
  for (const auto& [what, status, line] :
       {row{with_status_one, 1, ""}, row{missing, 55, "ERROR: [055]: no such file"},
        row{out_of_memory, 94, "ERROR: [094]: out of memory"},
        row{thrown, 124, "ERROR: [124]: unexpected failure: of a library"}}) {
    rig on;
    CAPTURE(status);
    const int got = on.run(what);
    CHECK(got == status);
    const auto said = on.lines("demo-expire.log");
    REQUIRE(said.size() >= 3);
    if (line.empty()) {
      CHECK(said.back().find("completed successfully") != std::string::npos);
      continue;
    }
    CHECK(said[2] == line);
    CHECK(said.back() == "INFO: expire command end: aborted with exception " + line.substr(7, 5));
  }
  rig on;
  CHECK(on.run(missing) == 55);
  CHECK(on.lines("demo-expire.log")[3].find("HINT: Was it made?") != std::string::npos);
}

TEST_CASE_FIXTURE(rig, "frame: which commands have a log file, and how it is called") {
  // Those that change something; others when the command line asks for it.
  config::run quiet{{"info", "--log-path=" + here.text(), "--log-level-console=off"},
                    {{"PGBACKREST_LOG_LEVEL_FILE", "debug"}}};
  CHECK(run_framed(quiet.good(), well) == 0);
  CHECK(here.names().empty());
  quiet.args.push_back("--log-level-file=debug");
  CHECK(run_framed(quiet.good(), well) == 0);
  log::close_file();
  CHECK(here.names() == strings{"all-info.log"});
  // What only shows something begins and ends at DEBUG.
  CHECK(lines("all-info.log")[1].starts_with("DEBUG: info command begin"));
  CHECK(run(well, {"--log-level-file=off"}) == 0);
  CHECK(here.names() == strings{"all-info.log"});
  CHECK(run(well) == 0);
  CHECK(here.names() == strings{"all-info.log", "demo-expire.log"});
}

TEST_CASE_FIXTURE(rig, "frame: a log that cannot be written stops nothing") {
  std::filesystem::create_directories(here / "demo-expire.log");
  CHECK(run(well) == 0);
  CHECK(run(missing) == 55);
}

TEST_CASE_FIXTURE(rig, "frame: secrets are not told at the beginning") {
  config::run one{words({"--repo1-retention-full=2"}),
                  {{"PGBACKREST_REPO1_CIPHER_TYPE", "aes-256-cbc"},
                   {"PGBACKREST_REPO1_CIPHER_PASS", "hunter2"}}};
  CHECK(run_framed(one.good(), well) == 0);
  log::close_file();
  const auto all = get(here / "demo-expire.log");
  CHECK(all.find("hunter2") == std::string::npos);
  CHECK(all.find("--repo1-cipher-pass=<redacted>") != std::string::npos);
  CHECK(all.find("--repo1-retention-full=2") != std::string::npos);
}

TEST_CASE_FIXTURE(rig, "frame: log settings are what the options say") {
  const auto of = [&](strings more) {
    return log_settings(config::run{words(std::move(more), "backup")}.good());
  };
  const auto usual = of({"--pg1-path=/pg"});
  CHECK(usual.console == log::level::off);
  CHECK(usual.file == log::level::debug);
  CHECK(usual.timestamp);
  CHECK(usual.process_digits == 2);
  CHECK(of({"--pg1-path=/pg", "--process-max=99"}).process_digits == 2);
  CHECK(of({"--pg1-path=/pg", "--process-max=100"}).process_digits == 3);
  CHECK_FALSE(of({"--pg1-path=/pg", "--no-log-timestamp"}).timestamp);
  const auto levels = {std::pair{"off", log::level::off}, {"error", log::level::error},
                       {"warn", log::level::warn},        {"info", log::level::info},
                       {"detail", log::level::detail},    {"debug", log::level::debug},
                       {"trace", log::level::trace}};
  for (const auto& [word, level] : levels)
    CHECK(of({"--pg1-path=/pg", "--log-level-stderr=" + std::string(word)}).to_stderr == level);
  CHECK(log_settings(config::run{words({"--dry-run"})}.good()).dry_run);
  CHECK_FALSE(log_settings(config::run{words({})}.good()).dry_run);
}

TEST_CASE("frame: standard output of a serving role belongs to the other host") {
  auto opts = config::run{{"--remote-type=repo", "--stanza=demo", "--exec-id=77-0a1b2c3d",
                           "--process=3", "--repo1-path=/r", "--log-level-console=trace",
                           "--log-level-stderr=trace", "backup:remote"}}
                  .good();
  const auto with = log_settings(opts);
  CHECK(with.console == log::level::off);
  CHECK(with.to_stderr == log::level::error);
}
