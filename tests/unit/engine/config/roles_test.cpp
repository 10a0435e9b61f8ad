// The remote role: which options it knows, and the words it is started with.
// Expected words: engine/config/README.md, section 12.
// SPDX-License-Identifier: MIT
#include "tests/unit/engine/config/run.hpp"

#include <fmt/ranges.h>

using namespace pgbraid;
using namespace pgbraid::config;

namespace {

std::string words(const run& one, option_group serves, size_t position, unsigned process = 0) {
  auto copy = one;
  auto opts = copy.good();
  opts.set_exec_id("14449-841e201e");
  return fmt::format("{}", fmt::join(opts.remote_words(serves, position, process), " "));
}

run role(std::vector<std::string> more) {
  run out{{"backup:remote", "--stanza=demo"}};
  out.args.insert(out.args.end(), more.begin(), more.end());
  return out;
}

} // namespace

TEST_CASE("roles: a cluster on another host is pg1 there, with the configuration named for it") {
  run one{{"backup", "--stanza=demo", "--log-level-console=info", "--lock-path=/l", "--log-path=/g",
           "--start-fast", "--config=/nowhere.conf", "--no-config"}};
  one.args.erase(one.args.end() - 2, one.args.end());
  one.file = "[global]\nrepo1-path=/r\nrepo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=hunter2\n"
             "process-max=3\nprotocol-timeout=1h\nneutral-umask=n\n"
             "[demo]\npg1-path=/a\npg2-path=/b\npg2-host=b\npg2-port=5433\npg2-host-user=joe\n"
             "pg2-host-config=/etc/x.conf\npg2-socket-path=/run/x\n";
  CHECK(words(one, option_group::pg, 1) ==
        "--config=/etc/x.conf --exec-id=14449-841e201e --no-neutral-umask --pg1-path=/b "
        "--pg1-port=5433 --pg1-socket-path=/run/x --process-max=3 --process=0 "
        "--protocol-timeout=1h --remote-type=pg --stanza=demo backup:remote");
}

TEST_CASE("roles: a repository keeps its key, other repositories and clusters stay here") {
  run one{{"archive-push", "--stanza=demo", "--pg1-path=/pg", "f"}};
  one.file = "[global]\nrepo1-path=/one\nrepo5-host=h\nrepo5-path=/five\n"
             "repo5-host-config-path=/c\nrepo5-host-config-include-path=/i\nio-timeout=9\n";
  CHECK(words(one, option_group::repo, 1, 7) ==
        "--config-include-path=/i --config-path=/c --exec-id=14449-841e201e --io-timeout=9 "
        "--process=7 --remote-type=repo --repo5-path=/five --repo=5 --stanza=demo "
        "archive-push:remote");
}

TEST_CASE("roles: the words start the role they are meant for") {
  run one{{"backup", "--stanza=demo", "--pg1-path=/a b", "--pg1-host=h", "--process-max=2"}};
  auto opts = one.good();
  opts.set_exec_id("1-00000000");
  const auto there = run{opts.remote_words(option_group::pg, 0, 2)}.good();
  CHECK(there.command() == command_id::backup);
  CHECK(there.role() == command_role::remote);
  CHECK(there.text("pg-path") == "/a b");
  CHECK_FALSE(there.has_value("pg-host"));
  CHECK(there.integer("process") == 2);
  CHECK(there.text("remote-type") == "pg");
  CHECK(there.exec_id() == "1-00000000");
  CHECK(there.begin_line().starts_with("backup:remote command begin "));
}

TEST_CASE("roles: a role needs what it serves, and nothing else") {
  CHECK(role({}).bad() == "[37]: backup:remote command requires option: remote-type");
  CHECK(role({"--remote-type=pg"}).bad() ==
        "[37]: backup command requires option: pg1-path\nHINT: does this stanza exist?");
  CHECK(role({"--remote-type=pg", "--pg1-path=/x", "--repo1-cipher-type=aes-256-cbc"})
            .good()
            .text("pg-path") == "/x");
  auto repo = role({"--remote-type=repo", "--repo1-cipher-type=aes-256-cbc"});
  CHECK(repo.bad() == "[37]: backup command requires option: repo1-cipher-pass");
  CHECK(role({"--remote-type=repo", "--repo=2", "--repo2-path=/x"}).good().text("repo-path") ==
        "/x");
  CHECK(role({"--remote-type=repo", "--repo=3"}).bad() ==
        "[32]: key '3' is not valid for 'repo' option");
  CHECK(role({"--remote-type=tape"}).bad().starts_with("[32]"));
  CHECK(role({"--remote-type=repo", "--process=1025"}).bad().starts_with("[32]"));
}

TEST_CASE("roles: what belongs to the asking side alone is not known to the serving one") {
  for (const auto* word : {"--pg1-host=h", "--repo1-host=h", "--start-fast", "--type=full",
                           "--cmd-ssh=x", "--repo1-retention-full=2"})
    CHECK(role({"--remote-type=repo", word}).bad().starts_with("[31]"));
  CHECK(run{{"backup", "--stanza=demo", "--pg1-path=/x", "--process=0"}}.bad() ==
        "[31]: option 'process' not valid for command 'backup'");
  auto one = role({"--remote-type=repo"});
  one.file = "[global]\nrepo1-host=elsewhere\nrepo1-path=/r\nstart-fast=y\n[global:backup]\n"
             "process-max=4\nresume=n\n";
  const auto opts = one.good();
  CHECK(opts.text("repo-path") == "/r");
  CHECK_FALSE(opts.valid("repo-host"));
  CHECK(one.warnings.empty());
}

TEST_CASE("roles: hosts are options like others, but cluster and repository cannot both be away") {
  auto one = backup(
      {"--pg1-host=h", "--pg1-host-type=tls", "--pg1-host-cert-file=/c", "--pg1-host-key-file=/k"});
  auto opts = one.good();
  CHECK(opts.text("pg-host") == "h");
  CHECK(opts.integer("pg-host-port") == 8432);
  CHECK(backup({"--pg1-host=h", "--pg1-host-type=tls"}).bad() ==
        "[37]: backup command requires option: pg1-host-cert-file");
  CHECK(backup({"--pg1-host=h"}).good().text("pg-host-user") == "postgres");
  CHECK_FALSE(backup({"--pg1-host=h"}).good().has_value("pg-host-port"));
  auto both = backup({"--pg1-host=h", "--repo1-host=g"}).good();
  std::vector<std::string> warnings;
  const auto checked = check_final(both, warnings);
  REQUIRE_FALSE(checked);
  CHECK(checked.failure().code == errc::config);
}

TEST_CASE("roles: what goes on in the background finds what its command was told") {
  run one{{"archive-push", "--stanza=my demo", "--pg1-path=/a b", "--archive-async",
           "--log-level-console=info", "--log-level-file=detail", "--process-max=3",
           "--no-archive-header-check", "--reset-compress-type", "pg_wal/f"},
          {{"PGBACKREST_IO_TIMEOUT", "2m"}}};
  auto opts = one.good();
  opts.set_exec_id("1-00000000");
  const auto words = opts.background_words({"/a b/pg_wal"});
  CHECK(fmt::format("{}", fmt::join(words, "|")) ==
        "--log-level-console=off|--log-level-stderr=off|--archive-async|"
        "--no-archive-header-check|--reset-compress-type|--log-level-file=detail|"
        "--pg1-path=/a b|--process-max=3|--stanza=my demo|archive-push:async|/a b/pg_wal");
  const auto there = run{words}.good();
  CHECK(there.role() == command_role::async);
  CHECK(there.exec_id().empty());
  CHECK(there.text("pg-path") == "/a b");
  CHECK(there.text("spool-path") == "/var/spool/pgbackrest");
  CHECK(there.parameters() == std::vector<std::string>{"/a b/pg_wal"});
  CHECK(there.begin_line().starts_with("archive-push:async command begin "));
}
