// The begin line and words for other commands. Lines were compared with pgBackRest 2.45 by hand.
// SPDX-License-Identifier: MIT
#include "engine/base/version.hpp"
#include "tests/unit/engine/config/run.hpp"

using namespace pgbraid;
using namespace pgbraid::config;

namespace {

std::string begin(run one) {
  auto opts = one.good();
  opts.set_exec_id("14449-841e201e");
  auto line = opts.begin_line();
  const auto version = line.find(version_text);
  REQUIRE(version != std::string::npos);
  return line.replace(version, version_text.size(), "V");
}

} // namespace

TEST_CASE("option words: the begin line of a restore") {
  CHECK(begin({{"restore", "--stanza=x", "--pg1-path=/x", "--lock-path=/l", "--no-log-timestamp",
                "--log-level-console=info", "--type=time", "--target=2020-01-01 10:00:00",
                "--tablespace-map=b=/c", "--delta"}}) ==
        "restore command begin V: --delta --exec-id=14449-841e201e --lock-path=/l "
        "--log-level-console=info --no-log-timestamp --pg1-path=/x --stanza=x "
        "--tablespace-map=b=/c --target=\"2020-01-01 10:00:00\" --type=time");
}

TEST_CASE("option words: parameters, resets, negations and secrets in the begin line") {
  run push{{"archive-push", "--repo1-path=/r", "--pg1-path=/x", "a/b", "--no-config",
            "--reset-process-max", "--archive-timeout=5m"},
           {{"PGBACKREST_REPO1_CIPHER_PASS", "hunter2"},
            {"PGBACKREST_REPO1_CIPHER_TYPE", "aes-256-cbc"},
            {"PGBACKREST_STANZA", "z"}}};
  CHECK(begin(push) ==
        "archive-push command begin V: [a/b] --archive-timeout=5m --no-config "
        "--exec-id=14449-841e201e --pg1-path=/x --reset-process-max --repo1-cipher-pass=<redacted> "
        "--repo1-cipher-type=aes-256-cbc --repo1-path=/r --stanza=z");
  CHECK(begin({{"archive-get", "--stanza=x", "--pg1-path=/x", "a b", "c"}}) ==
        "archive-get command begin V: [\"a b\", c] --exec-id=14449-841e201e --pg1-path=/x "
        "--stanza=x");
}

TEST_CASE("option words: keys in order, lists repeated") {
  CHECK(begin(backup({"--repo10-path=/c", "--repo2-path=/b", "--exclude=b c", "--exclude=a"})) ==
        "backup command begin V: --exclude=\"b c\" --exclude=a --exec-id=14449-841e201e "
        "--pg1-path=/pg --repo2-path=/b --repo10-path=/c --stanza=demo");
}

TEST_CASE("option words: what restore hands on to archive-get") {
  auto one =
      run{{"restore", "--stanza=my demo", "--pg1-path=/x", "--repo=2", "--repo1-path=/a",
           "--repo2-path=/b", "--type=immediate", "--log-level-console=info", "--process-max=4",
           "--cmd=/bin/x", "--delta", "--no-neutral-umask", "--io-engine=threads"}};
  one.environment = {{"PGBACKREST_REPO2_CIPHER_PASS", "hunter2"},
                     {"PGBACKREST_REPO2_CIPHER_TYPE", "aes-256-cbc"},
                     {"PGBACKREST_IO_TIMEOUT", "2m"}};
  CHECK(one.good().words_for(command_id::archive_get) ==
        std::vector<std::string>{"--no-neutral-umask", "--pg1-path=/x", "--repo=2",
                                 "--repo1-path=/a", "--repo2-path=/b", "--stanza=\"my demo\""});
}

TEST_CASE("option words: where the configuration lies is handed on wherever it came from") {
  auto one = run{{"restore", "--pg1-path=/x"}, {{"PGBACKREST_STANZA", "demo"}}};
  one.file = "[global]\nrepo1-path=/r\n";
  const auto words = one.good().words_for(command_id::archive_get);
  REQUIRE(words.size() == 3);
  CHECK(words[0].starts_with("--config=/"));
  CHECK(words[1] == "--pg1-path=/x");
  CHECK(words[2] == "--stanza=demo");
}
