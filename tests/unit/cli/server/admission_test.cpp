// What a greeting gets: a version, locks, and no more than the options of this host name.
// Rules: cli/command/README.md, sections 1.4, 1.5 and 10; storage/wire/README.md, hello.
// SPDX-License-Identifier: MIT
#include "cli/server/admission.hpp"
#include "engine/io/lock_file.hpp"
#include "storage/wire/protocol.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/config/run.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::cli;
using namespace pgbraid::test;
using config::run;
using strings = std::vector<std::string>;

namespace {

/// A host that serves; its locks lie in a directory of the test.
struct host {
  scratch here;

  config::options options(strings more, const std::string& command = "backup") {
    strings args = {"--remote-type=repo",
                    "--stanza=demo",
                    "--exec-id=77-0a1b2c3d",
                    "--process=0",
                    "--repo1-path=/repo1",
                    "--repo2-path=/repo2",
                    "--repo=2",
                    "--lock-path=" + here / "lock"};
    for (const auto& one : more) { // a later one takes the place of the same one
      const auto name = one.substr(0, one.find('=') + 1);
      std::erase_if(args, [&](const auto& old) { return old.starts_with(name); });
      if (!one.ends_with("=-"))
        args.push_back(one);
    }
    args.push_back(command + ":remote");
    return run{args}.good();
  }
  result<serve::admission> ask(const config::options& opts, strings locks = {},
                               uint32_t low = wire::version_min,
                               uint32_t high = wire::version_max) {
    return admit(opts, {.version_min = low, .version_max = high, .program = "p", .locks = locks});
  }
  strings lock_files() const {
    strings all;
    if (std::filesystem::exists(here / "lock"))
      for (const auto& one : std::filesystem::directory_iterator(here / "lock"))
        all.push_back(one.path().filename());
    std::ranges::sort(all);
    return all;
  }
};

int code(const result<serve::admission>& of) {
  return of ? 0 : static_cast<int>(of.failure().code);
}

} // namespace

TEST_CASE_FIXTURE(host, "admission: hosts agree when their versions meet anywhere, else 39") {
  const auto opts = options({});
  constexpr auto most = std::numeric_limits<uint32_t>::max();
  struct row {
    uint32_t low;
    uint32_t high;
    bool meets;
  };
  for (const auto& [low, high, meets] :
       {row{wire::version_min, wire::version_max, true}, row{0, most, true},
        row{0, wire::version_min, true}, row{wire::version_max, most, true},
        row{0, wire::version_min - 1, false}, row{wire::version_max + 1, most, false},
        row{most, most, false}, row{0, 0, false}, row{most, 0, false}}) {
    CAPTURE(low);
    CAPTURE(high);
    hostile("connections without certificate, rule or greeting", meets ? 0 : 1);
    const auto got = ask(opts, {"demo-backup-2.lock"}, low, high);
    CHECK(code(got) == (meets ? 0 : 39));
    if (!meets) {
      // Both ranges, and no lock was taken.
      CHECK(got.failure().message.find(std::to_string(low) + " to " + std::to_string(high)) !=
            std::string::npos);
      CHECK(lock_files().empty());
    }
  }
}

TEST_CASE_FIXTURE(host,
                  "admission: of the configuration one repository is granted, and one stanza") {
  const auto got = ask(options({}));
  REQUIRE(got);
  CHECK(got->may.repo_path == "/repo2");
  CHECK(got->may.pg_path.empty());
  CHECK(got->may.stanza == "demo");
  CHECK(got->may.cipher == cipher_type::none);
  CHECK(got->may.passphrase.empty());
  // A command without a stanza sees all.
  CHECK(ask(options({"--stanza=-"}, "info"))->may.stanza.empty());
}

TEST_CASE_FIXTURE(host, "admission: the passphrase is that of the granted repository") {
  const auto with = [&](const std::string& repo) {
    auto opts = run{{"--remote-type=repo", "--stanza=demo", "--exec-id=77-0a1b2c3d", "--process=0",
                     "--repo1-path=/repo1", "--repo2-path=/repo2", "--repo=" + repo,
                     "--lock-path=" + here / "lock", "backup:remote"},
                    {{"PGBACKREST_REPO2_CIPHER_TYPE", "aes-256-cbc"},
                     {"PGBACKREST_REPO2_CIPHER_PASS", "of two"}}};
    return ask(opts.good());
  };
  CHECK(with("1")->may.cipher == cipher_type::none);
  CHECK(with("1")->may.passphrase.empty());
  CHECK(with("2")->may.cipher == cipher_type::aes_256_cbc);
  CHECK(with("2")->may.passphrase.view() == "of two");
}

TEST_CASE_FIXTURE(host, "admission: who asks for a cluster gets no repository") {
  auto opts = run{{"--remote-type=pg", "--stanza=demo", "--exec-id=77-0a1b2c3d", "--process=0",
                   "--pg1-path=/pg1", "--pg1-port=5433", "--repo1-path=/repo1",
                   "--lock-path=" + here / "lock", "backup:remote"}};
  const auto got = ask(opts.good());
  REQUIRE(got);
  CHECK(got->may.pg_path == "/pg1");
  CHECK(got->may.repo_path.empty());
  CHECK(got->may.passphrase.empty());
  CHECK(got->may.pg.port == 5433);
}

TEST_CASE_FIXTURE(host, "admission: locks are held as long as what it returns, and no longer") {
  const auto opts = options({});
  {
    auto got = ask(opts, {"demo-backup-1.lock", "demo-backup-2.lock", "demo-archive-2.lock"});
    REQUIRE(got);
    const auto held = lock_files();
    for (const auto* name : {"demo-archive-2.lock", "demo-backup-1.lock", "demo-backup-2.lock"})
      CHECK(std::ranges::find(held, name) != held.end());
    CHECK(io::lock_holder(here / "lock", "demo", "backup", 2)->has_value());
    CHECK_FALSE(io::lock_holder(here / "lock", "demo", "archive", 1)->has_value());
    // Another command is kept out; a second connection of the same one is not.
    CHECK(code(ask(options({"--exec-id=78-0a1b2c3d"}), {"demo-backup-2.lock"})) == 50);
    CHECK(code(ask(opts, {"demo-backup-2.lock"})) == 0);
    CHECK(io::lock_holder(here / "lock", "demo", "backup", 2)->has_value());
  }
  CHECK_FALSE(io::lock_holder(here / "lock", "demo", "backup", 2)->has_value());
  CHECK(code(ask(options({"--exec-id=78-0a1b2c3d"}), {"demo-backup-2.lock"})) == 0);
}

TEST_CASE_FIXTURE(host, "admission: one lock that cannot be had takes none") {
  const auto taken = ask(options({"--exec-id=78-0a1b2c3d"}), {"demo-backup-2.lock"});
  REQUIRE(taken);
  CHECK(code(ask(options({}),
                 {"demo-archive-1.lock", "demo-backup-1.lock", "demo-backup-2.lock"})) == 50);
  CHECK_FALSE(io::lock_holder(here / "lock", "demo", "archive", 1)->has_value());
  CHECK_FALSE(io::lock_holder(here / "lock", "demo", "backup", 1)->has_value());
}

TEST_CASE_FIXTURE(host, "admission: locks of another stanza, or what is no lock, are denied") {
  const auto opts = options({});
  for (const std::string name :
       {"other-backup-1.lock", "demo-backup-0.lock", "demo-backup-257.lock", "demo.lock", "",
        "../demo-backup-1.lock", "demo-backup-1.lock/../../x", "demo-tape-1.lock", "all.stop",
        "demo-backup-1.label"}) {
    CAPTURE(name);
    hostile("names that leave their directory");
    CHECK(code(ask(opts, {"demo-backup-1.lock", name})) == 105);
    CHECK(lock_files().empty());
  }
  hostile("names that leave their directory", 2);
  CHECK(code(ask(opts, strings(2000, "demo-backup-1.lock"))) == 105);
  // Whoever has no stanza has nothing to lock.
  CHECK(code(ask(options({"--stanza=-"}, "info"), {"demo-backup-1.lock"})) == 105);
  CHECK(lock_files().empty());
}

TEST_CASE_FIXTURE(host, "admission: a stopped stanza is served without locks only") {
  for (const std::string stop : {"demo.stop", "all.stop", "other.stop"}) {
    CAPTURE(stop);
    std::filesystem::create_directories(here / "lock");
    std::filesystem::permissions(here / "lock", std::filesystem::perms(0750));
    put(here / ("lock/" + stop), "");
    const bool ours = stop != "other.stop";
    CHECK(code(ask(options({}), {"demo-backup-2.lock"})) == (ours ? 62 : 0));
    CHECK(code(ask(options({}))) == 0); // it looks, and changes nothing that a lock is for
    std::filesystem::remove(here / ("lock/" + stop));
  }
}

TEST_CASE_FIXTURE(host, "admission: workers are the other host's wish, within reason on this one") {
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  for (const size_t wish : {size_t{1}, size_t{2}, size_t{999}}) {
    const auto got = ask(options({"--process-max=" + std::to_string(wish)}));
    REQUIRE(got);
    CHECK(got->may.process_max >= 1);
    CHECK(got->may.process_max <= wish);
    CHECK(got->may.process_max <= 4 * cores);
    if (wish <= cores)
      CHECK(got->may.process_max == wish);
  }
}

TEST_CASE_FIXTURE(host, "admission: a link is looked after within its time-outs") {
  for (const auto& [silence, pings] :
       {std::pair{"--io-timeout=60", 5000}, {"--io-timeout=4", 1000}}) {
    const auto with = serving_settings(options({silence, "--protocol-timeout=1234"}));
    CHECK(with.stream_limit == std::chrono::seconds(1234));
    CHECK(with.ping_every == std::chrono::milliseconds(pings));
    // Several pings are lost before it is given up.
    CHECK(with.silence_limit >= 4 * with.ping_every);
  }
}
