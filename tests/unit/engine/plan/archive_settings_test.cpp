// Which settings of a server archive with this program.
// SPDX-License-Identifier: MIT
#include "engine/plan/archive_settings.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

archive_settings server(std::string library, std::string command, std::string stanza = "demo") {
  return {.version_num = 150004,
          .mode = "on",
          .command = std::move(command),
          .library = std::move(library),
          .module_stanza = std::move(stanza)};
}

/// What is wrong with them; 0 where nothing is.
int refused(const archive_settings& with, bool refuse_always = true) {
  const auto fit = check_archive_settings(with, refuse_always);
  return fit ? 0 : static_cast<int>(fit.failure().code);
}

} // namespace

TEST_CASE("archive settings: a command must name one of the two programs") {
  CHECK(refused(server("", "pgbraid --stanza=demo archive-push %p")) == 0);
  CHECK(refused(server("", "/usr/bin/pgbackrest archive-push %p")) == 0);
  CHECK(refused(server("", "cp %p /elsewhere")) == 68);
  CHECK(refused(server("", "")) == 68);
}

TEST_CASE("archive settings: our module takes the place of the command") {
  for (const auto* ours : {"pgbraid_archive", "pgbraid_archive.so", "/usr/lib/x/pgbraid_archive",
                           "$libdir/pgbraid_archive.so"}) {
    CAPTURE(ours);
    CHECK(refused(server(ours, "")) == 0);
    CHECK(refused(server(ours, "", "")) == 68);
  }
  for (const auto* other : {"basic_archive", "pgbraid", "pgbraid_archive/x", "my_pgbraid_archive",
                            "pgbraid_archive.so.so", ".so", "pgbraid_archive2"}) {
    CAPTURE(other);
    CHECK(refused(server(other, "")) == 68);
    CHECK(refused(server(other, "pgbraid archive-push %p")) == 68);
  }
}

TEST_CASE("archive settings: from version 16 on a command and a module are one too many") {
  auto both = server("pgbraid_archive", "pgbraid archive-push %p");
  CHECK(refused(both) == 0); // 15 goes by the module
  both.version_num = 160000;
  const auto told = check_archive_settings(both, true);
  REQUIRE_FALSE(told);
  CHECK(told.failure().code == errc::archive_command_invalid);
  CHECK(told.failure().message == "archive_command and archive_library are both set");
}

TEST_CASE("archive settings: archive_mode comes first") {
  auto with = server("pgbraid_archive", "");
  with.mode = "off";
  CHECK(refused(with) == 87);
  with.mode = "always";
  CHECK(refused(with) == 67);
  CHECK(refused(with, false) == 0);
}
