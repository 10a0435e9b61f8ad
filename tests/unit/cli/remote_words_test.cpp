// What starts the serving side of a command on another host: the command line of ssh, and locks.
// Expected words: engine/config/README.md, section 12; cli/command/README.md, section 1.4.
// SPDX-License-Identifier: MIT
#include "cli/open/lock_names.hpp"
#include "cli/open/ssh_words.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/config/run.hpp"

using namespace pgbraid;
using namespace pgbraid::cli;
using config::option_group;
using config::run;
using strings = std::vector<std::string>;

namespace {

config::options good(run one) {
  auto opts = one.good();
  opts.set_exec_id("14449-841e201e");
  return opts;
}

} // namespace

TEST_CASE("ssh words: as the specification has them") {
  const auto words = ssh_words(good({{"backup", "--stanza=demo", "--pg1-path=/pg",
                                      "--pg1-host=pg1-srv", "--pg1-host-cmd=/usr/bin/pgbraid"}}),
                               option_group::pg, 0, 0);
  REQUIRE(words);
  CHECK(*words == strings{"ssh", "-o", "LogLevel=error", "-o", "Compression=no", "-o",
                          "PasswordAuthentication=no", "postgres@pg1-srv",
                          "/usr/bin/pgbraid --exec-id=14449-841e201e --pg1-path=/pg --process=0 "
                          "--remote-type=pg --stanza=demo backup:remote"});
}

TEST_CASE("ssh words: port, user and client are the user's") {
  const auto words =
      ssh_words(good({{"info", "--stanza=demo", "--repo1-host=h", "--repo1-host-port=2222",
                       "--repo1-host-user=backup", "--cmd-ssh=/opt/ssh"}}),
                option_group::repo, 0, 4);
  REQUIRE(words);
  CHECK(*words == strings{"/opt/ssh", "-o", "LogLevel=error", "-o", "Compression=no", "-o",
                          "PasswordAuthentication=no", "-p", "2222", "backup@h",
                          "/usr/bin/pgbraid --exec-id=14449-841e201e --process=4 "
                          "--remote-type=repo --repo=1 --stanza=demo info:remote"});
}

TEST_CASE("ssh words: nothing in a value means anything to the shell over there") {
  test::hostile("words of a client's command line", 2);
  const auto words = ssh_words(good({{"backup", "--stanza=a $(id) \"b\"`c`", "--pg1-path=/pg",
                                      "--pg1-host=h", "--pg1-host-cmd=/opt/my tools/x;y"}}),
                               option_group::pg, 0, 0);
  REQUIRE(words);
  CHECK(words->back() ==
        "\"/opt/my tools/x;y\" --exec-id=14449-841e201e --pg1-path=/pg --process=0 "
        "--remote-type=pg \"--stanza=a \\$(id) \\\"b\\\"\\`c\\`\" backup:remote");
}

TEST_CASE("ssh words: a host or user that ssh would misread is refused") {
  test::hostile("words of a client's command line");
  for (const std::string host : {"-oProxyCommand=x", "a b", "a@b", "a\tb"}) {
    test::hostile("words of a client's command line");
    const auto words =
        ssh_words(good({{"backup", "--stanza=demo", "--pg1-path=/pg", "--pg1-host=" + host}}),
                  option_group::pg, 0, 0);
    REQUIRE_FALSE(words);
    CHECK(words.failure().code == errc::option_invalid_value);
  }
  CHECK_FALSE(ssh_words(good({{"backup", "--stanza=demo", "--pg1-path=/pg", "--pg1-host=h",
                               "--pg1-host-user=-oProxyCommand=x"}}),
                        option_group::pg, 0, 0));
}

TEST_CASE("lock names: those that the command takes on other hosts") {
  const auto names = [](run one) { return remote_lock_names(good(std::move(one))); };
  CHECK(names({{"backup", "--stanza=demo", "--pg1-path=/pg", "--repo1-path=/a",
                "--repo5-path=/b"}}) == strings{"demo-backup-1.lock", "demo-backup-5.lock"});
  CHECK(names({{"backup", "--stanza=demo", "--pg1-path=/pg", "--repo1-path=/a", "--repo5-path=/b",
                "--repo=5"}}) == strings{"demo-backup-5.lock"});
  CHECK(names({{"stanza-create", "--stanza=demo", "--pg1-path=/pg"}}) ==
        strings{"demo-archive-1.lock", "demo-backup-1.lock", "demo-restore-1.lock"});
  CHECK(names({{"archive-push", "--stanza=demo", "--pg1-path=/pg", "f"}}) ==
        strings{"demo-archive-1.lock"});
  CHECK(names({{"restore", "--stanza=demo", "--pg1-path=/pg"}}).empty());
  CHECK(names({{"info", "--stanza=demo"}}).empty());
}

TEST_CASE("lock names: only the stanza's own are understood") {
  const auto one = parse_lock_name("demo-backup-12.lock", "demo");
  REQUIRE(one);
  CHECK(one->type == "backup");
  CHECK(one->repo_key == 12);
  CHECK(parse_lock_name("a-b-archive-1.lock", "a-b"));
  for (const auto* name :
       {"", "demo", ".lock", "demo.lock", "demo-backup-1", "demo-backup-.lock",
        "other-backup-1.lock", "demo-backup-1x.lock", "demo-backup--1.lock", "demo-backup-0.lock",
        "demo-backup-257.lock", "demo-backup-99999999999.lock", "demo-tape-1.lock",
        "demo/../x-backup-1.lock", "demo-backup-1.lock/../x", "demo2-backup-1.lock"}) {
    test::hostile("names that leave their directory");
    CHECK_FALSE(parse_lock_name(name, "demo"));
  }
  CHECK_FALSE(parse_lock_name("-backup-1.lock", ""));
}
