// Everything that is configured: what `check` looks at.
// SPDX-License-Identifier: MIT
#include "engine/config/whole_configuration.hpp"
#include "tests/unit/engine/config/run.hpp"

#include <unistd.h>

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::config;

namespace {

run check(std::string file, std::vector<std::string> more = {"--stanza=demo"}) {
  run out{{"check"}};
  out.args.insert(out.args.end(), more.begin(), more.end());
  out.file = std::move(file);
  return out;
}

bool any_has(const std::vector<std::string>& texts, std::string_view part) {
  return std::ranges::any_of(texts, [&](const auto& one) { return one.find(part) != one.npos; });
}

constexpr auto two_stanzas = "[global]\nrepo1-path=/r\n[zebra]\npg1-path=/z\n"
                             "[demo]\npg1-path=/d\npg2-path=/e\n[demo:backup]\nstart-fast=y\n";

} // namespace

TEST_CASE("whole configuration: the stanzas are the sections with a cluster") {
  CHECK(configured_stanzas(check(two_stanzas).good()) == std::vector<std::string>{"demo", "zebra"});
  CHECK(
      configured_stanzas(check("[global]\nrepo1-path=/r\n", {"--stanza=x", "--pg1-path=/x"}).good())
          .empty());
}

TEST_CASE("whole configuration: options of a stanza that nobody gave on the command line") {
  const auto none = check(two_stanzas, {}).good();
  CHECK_FALSE(none.has_value("stanza"));
  std::vector<std::string> warnings;
  const auto zebra = options_for_stanza(none, "zebra", warnings);
  REQUIRE(zebra);
  CHECK(zebra->text("stanza") == "zebra");
  CHECK(zebra->text("pg-path") == "/z");
  CHECK(options_for_stanza(none, "demo", warnings)->pg_count() == 2);
}

TEST_CASE("whole configuration: what another command would refuse is found") {
  const auto fine = read_whole_configuration(check(two_stanzas).good());
  CHECK(fine.errors.empty());
  CHECK(fine.warnings.empty());
  const auto bad = read_whole_configuration(
      check(std::string(two_stanzas) + "[global:backup]\ncompress-level=99\n").good());
  REQUIRE(bad.errors.size() == 1);
  CHECK(bad.errors[0].code == errc::option_invalid_value);
  CHECK(bad.errors[0].message.starts_with("the backup command: "));
  CHECK(any_has(read_whole_configuration(
                    check(std::string(two_stanzas) + "[global:restore]\ndelat=y\n").good())
                    .warnings,
                "delat"));
}

TEST_CASE("whole configuration: sections that nothing reads are named") {
  const auto found = read_whole_configuration(
      check(std::string(two_stanzas) +
            "[golbal]\nprocess-max=4\n[global:bakcup]\nprocess-max=4\n[demo:archve-push]\n"
            "process-max=2\n[lone]\nprocess-max=2\n")
          .good());
  for (const auto* section : {"[golbal]", "[global:bakcup]", "[demo:archve-push]", "[lone]"})
    CHECK(any_has(found.warnings, section));
  CHECK(found.warnings.size() == 4);
}

TEST_CASE("whole configuration: an archive_command for another stanza archives nothing of ours") {
  const auto opts = check("[global]\nrepo1-path=/r\n[demo]\npg1-path=/d\n").good();
  const auto errors = [&](std::string_view command) {
    return compare_archive_command(opts, command).errors.size();
  };
  CHECK(errors("pgbraid --stanza=demo archive-push %p") == 0);
  CHECK(errors("pgbraid --stanza=other archive-push %p") == 1);
  CHECK(errors("/usr/bin/pgbackrest --stanza='other' archive-push \"%p\"") == 1);
  CHECK(errors("test -f x && pgbraid archive-push %p --stanza=other && echo done") == 1);
  CHECK(errors("pgbraid --stnaza=demo archive-push %p") == 1); // fails whenever it is run
  // What only a shell or a script knows is not guessed at.
  CHECK(errors("pgbraid --stanza=$STANZA archive-push %p") == 0);
  CHECK(errors("/usr/local/bin/pgbackrest-wrapper %p") == 0);
  CHECK(errors("") == 0);
  CHECK(errors("'pgbraid --stanza=other archive-push") == 0);
}

TEST_CASE("whole configuration: an archive_command for another repository is a warning") {
  const auto opts = check("[global]\nrepo1-path=/r\n[demo]\npg1-path=/d\n").good();
  const auto warnings = [&](std::string_view command) {
    return compare_archive_command(opts, command).warnings;
  };
  CHECK(warnings("pgbraid --stanza=demo --repo1-path=/r archive-push %p").empty());
  CHECK(any_has(warnings("pgbraid --stanza=demo --repo1-path=/q archive-push %p"), "/q"));
  CHECK(any_has(warnings("pgbraid --stanza=demo --config=/else archive-push %p"), "/else"));
}

TEST_CASE("whole configuration: an archive module is compared as a command is") {
  const auto opts =
      check("", {"--stanza=demo", "--pg1-path=/d", "--repo1-path=/r", "--no-config"}).good();
  CHECK(compare_archive_module(opts, "demo", "").errors.empty());
  CHECK(compare_archive_module(opts, "demo", "").warnings.empty());
  const auto other = compare_archive_module(opts, "other", "");
  REQUIRE(other.errors.size() == 1);
  CHECK(other.errors.front().code == errc::archive_command_invalid);
  CHECK(other.errors.front().message ==
        "the archive module archives for stanza 'other', not for 'demo'");
  const auto file = std::filesystem::temp_directory_path() /
                    ("pgbraid-module-" + std::to_string(::getpid()) + ".conf");
  std::ofstream(file) << two_stanzas;
  const auto named = check("", {"--stanza=demo", "--config=" + file.string()}).good();
  std::filesystem::remove(file);
  CHECK(compare_archive_module(named, "demo", file.string()).warnings.empty());
  CHECK(any_has(compare_archive_module(named, "demo", "/else").warnings, "/else"));
}

TEST_CASE("whole configuration: words say which file was read, or that there was none") {
  const auto file = std::filesystem::temp_directory_path() /
                    ("pgbraid-words-" + std::to_string(::getpid()) + ".conf");
  std::ofstream(file) << two_stanzas;
  const auto named = check("", {"--stanza=demo", "--config=" + file.string()}).good();
  CHECK(configuration_in_words(named) == "the configuration file is '" + file.string() + "'");
  std::filesystem::remove(file);
  const auto none = configuration_in_words(check("", {"--stanza=x", "--pg1-path=/x"}).good());
  for (const auto* path : {"no configuration file was found", "/nowhere/own",
                           "/nowhere/pgbackrest.conf", "/nowhere/old"})
    CHECK(none.find(path) != none.npos);
  CHECK(configuration_in_words(check("", {"--stanza=x", "--pg1-path=/x", "--no-config"}).good()) ==
        "no configuration file is read (--no-config)");
}
