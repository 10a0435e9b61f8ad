// When an error of archive-get must not be taken for the end of the archive.
// Rules: cli/command/README.md, section 6.4.
// SPDX-License-Identifier: MIT
#include "cli/frame/recovery_stop.hpp"
#include "tests/unit/engine/config/run.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::cli;
using namespace pgbraid::test;
using plan::recovery_mode;
using strings = std::vector<std::string>;

namespace {

/// What lies in a data directory, and how PostgreSQL then recovers.
struct marks {
  std::vector<std::pair<std::string, std::string>> files;
  recovery_mode mode;
};
const std::vector<marks> states = {
    {{}, recovery_mode::none},
    {{{"recovery.signal", ""}}, recovery_mode::promotes},
    {{{"standby.signal", ""}}, recovery_mode::standby},
    {{{"recovery.signal", ""}, {"standby.signal", ""}}, recovery_mode::standby},
    {{{"recovery.conf", "restore_command = 'x'\n"}}, recovery_mode::promotes},
    {{{"recovery.conf", "standby_mode = 'on'\n"}}, recovery_mode::standby},
    {{{"recovery.conf.done", "x"}, {"recovery.done", ""}}, recovery_mode::none},
};

/// Works in a directory of its own, as restore_command does; arms nothing beyond the test.
struct rig {
  scratch here;
  std::filesystem::path before = std::filesystem::current_path();

  rig() {
    for (const auto* one : {"data", "elsewhere"})
      std::filesystem::create_directories(here / one);
    std::filesystem::current_path(here / "elsewhere");
  }
  ~rig() {
    std::filesystem::current_path(before);
    disarm_recovery_stop();
  }
  void become(const std::string& directory, const marks& state) {
    std::filesystem::remove_all(here / directory);
    std::filesystem::create_directories(here / directory);
    for (const auto& [name, content] : state.files)
      put(here / (directory + "/" + name), content);
    if (directory == "elsewhere")
      std::filesystem::current_path(here / directory);
  }
  config::options options(strings more, const std::string& command = "archive-get") {
    strings args = {command, "--stanza=demo"};
    if (command != "info")
      args.push_back("--pg1-path=" + here / "data");
    args.insert(args.end(), more.begin(), more.end());
    if (command == "archive-get")
      args.insert(args.end(), {"000000010000000000000001", "pg_wal/RECOVERYXLOG"});
    return config::run{args}.good();
  }
};

bool is_armed() {
  return recovery_status(25) == recovery_stop_status;
}

} // namespace

TEST_CASE_FIXTURE(rig, "recovery stop: only where the cluster would be opened at an error") {
  for (const auto& state : states) {
    CAPTURE(state.files.size());
    become("data", state);
    CHECK(recovery_mode_at(options({})) == state.mode);
    arm_recovery_stop(options({}));
    CHECK(is_armed() == (state.mode == recovery_mode::promotes));
    arm_recovery_stop(options({"--no-recovery-stop"}));
    CHECK_FALSE(is_armed());
  }
}

TEST_CASE_FIXTURE(rig, "recovery stop: where the path says nothing, the working directory does") {
  for (const auto& state : states) {
    become("elsewhere", state);
    become("data", states[0]);
    CHECK(recovery_mode_at(options({})) == state.mode);
    become("data", states[2]); // a standby, whatever lies elsewhere
    CHECK(recovery_mode_at(options({})) == recovery_mode::standby);
  }
}

TEST_CASE_FIXTURE(rig, "recovery stop: other commands end as they always do") {
  become("data", states[1]);
  become("elsewhere", states[1]);
  for (const auto* command : {"info", "archive-push", "backup"}) {
    arm_recovery_stop(options({}, command));
    CHECK_FALSE(is_armed());
    arm_recovery_stop(strings{command, "--stanza=demo"});
    CHECK_FALSE(is_armed());
  }
}

TEST_CASE_FIXTURE(rig, "recovery stop: mistakes on the command line count, too") {
  become("elsewhere", states[1]);
  const strings wrong = {"--stanza=demo", "--no-such-option", "archive-get", "x", "y"};
  arm_recovery_stop(wrong);
  CHECK(is_armed());
  for (const std::string off : {"--no-recovery-stop", "--recovery-stop=n"}) {
    auto args = wrong;
    args.insert(args.begin(), off);
    arm_recovery_stop(args);
    CHECK_FALSE(is_armed());
  }
  become("elsewhere", states[2]);
  arm_recovery_stop(wrong);
  CHECK_FALSE(is_armed());
}

TEST_CASE_FIXTURE(rig, "recovery stop: success stays success, and a file that nobody has stays 1") {
  become("data", states[1]);
  arm_recovery_stop(options({}));
  CHECK(recovery_status(0) == 0);
  CHECK(recovery_status(1) == 1);
  for (int status = 2; status < 256; ++status)
    CHECK(recovery_status(status) == 200);
  disarm_recovery_stop();
  for (int status = 0; status < 256; ++status)
    CHECK(recovery_status(status) == status);
}

TEST_CASE_FIXTURE(rig, "recovery stop: what is said then tells how to go on, and keeps the cause") {
  const error why{errc::host_connect, "no way there", "Is it up?"};
  become("data", states[1]);
  CHECK(with_recovery_hint(why).hint == "Is it up?"); // not armed
  arm_recovery_stop(options({}));
  for (const std::string hint : {"Is it up?", ""}) {
    const auto said = with_recovery_hint({why.code, why.message, hint});
    CHECK(said.code == why.code);
    CHECK(said.message == why.message);
    CHECK(said.hint.starts_with(hint));
    CHECK_FALSE(said.hint.starts_with("\n"));
    // Both ways out that section 6.4 and the options give.
    CHECK(said.hint.find("--no-recovery-stop") != std::string::npos);
    CHECK(said.hint.find("--repo=") != std::string::npos);
  }
}
