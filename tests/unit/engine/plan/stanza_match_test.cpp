// Whether info files and a cluster belong together: each field that may differ, and what it ends
// with. SPDX-License-Identifier: MIT
#include "engine/plan/stanza_match.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

constexpr uint64_t system_id = 7710766669200556640;

struct stanza {
  format::archive_info archive;
  format::backup_info backup;
  postgres::control_file control{.version = 150000,
                                 .control_version = 1300,
                                 .catalog_version = 202209061,
                                 .system_id = system_id};

  stanza() {
    archive.add(system_id, "15");
    backup.add_history(system_id, "15", 202209061, 1300);
  }
};

errc code_of(const result<void>& checked) {
  return checked ? errc{} : checked.failure().code;
}

} // namespace

TEST_CASE("stanza match: what belongs together") {
  const stanza of;
  CHECK(check_stanza_matches(of.backup, of.control));
  CHECK(check_infos_agree(of.archive, of.backup));
  CHECK(check_infos_are_of(of.archive, of.backup, of.control));
  CHECK(*cluster_archive_id(of.archive, of.control) == "15-1");
}

TEST_CASE("stanza match: a cluster of another system or version is not that of the stanza") {
  stanza other_system;
  other_system.control.system_id += 1;
  stanza other_version;
  other_version.control.version = 160000;
  for (const auto* of : {&other_system, &other_version}) {
    CHECK(code_of(check_stanza_matches(of->backup, of->control)) == errc::backup_mismatch);
    CHECK(code_of(check_infos_are_of(of->archive, of->backup, of->control)) == errc::file_invalid);
    const auto id = cluster_archive_id(of->archive, of->control);
    REQUIRE_FALSE(id);
    CHECK(id.failure().code == errc::archive_mismatch);
  }
}

TEST_CASE("stanza match: catalog and control version count where a stanza is made or checked") {
  stanza other_catalog;
  other_catalog.control.catalog_version += 1;
  stanza other_control;
  other_control.control.control_version += 1;
  for (const auto* of : {&other_catalog, &other_control}) {
    CHECK(check_stanza_matches(of->backup, of->control));
    CHECK(code_of(check_infos_are_of(of->archive, of->backup, of->control)) == errc::file_invalid);
  }
}

TEST_CASE(
    "stanza match: the two files must name one current cluster by number, system and version") {
  const auto differs = [](auto change) {
    stanza of;
    change(of.archive.history.front(), of.archive);
    return code_of(check_infos_agree(of.archive, of.backup)) == errc::file_invalid &&
           code_of(check_infos_are_of(of.archive, of.backup, of.control)) == errc::file_invalid;
  };
  CHECK(differs([](auto& entry, auto& info) { entry.id = info.current_id = 2; }));
  CHECK(differs([](auto& entry, auto&) { entry.system_id += 1; }));
  CHECK(differs([](auto& entry, auto&) { entry.version = "14"; }));
  CHECK(differs([](auto&, auto& info) { info.add(system_id, "15"); }));
}

TEST_CASE("stanza match: WAL goes to the newest line that is the cluster, current or not") {
  stanza of;
  of.archive.add(system_id, "16");
  CHECK(*cluster_archive_id(of.archive, of.control) == "15-1");
  of.archive.add(system_id, "15");
  of.archive.add(system_id + 1, "15");
  CHECK(*cluster_archive_id(of.archive, of.control) == "15-3");
  // Only the current one counts for a backup.
  of.backup.add_history(system_id, "16", 202307071, 1300);
  CHECK(code_of(check_stanza_matches(of.backup, of.control)) == errc::backup_mismatch);
}

TEST_CASE("stanza match: both sides of a mismatch are named") {
  stanza of;
  of.control.system_id = 42;
  const auto message = check_stanza_matches(of.backup, of.control).failure().message;
  CHECK(message.find("42") != message.npos);
  CHECK(message.find(std::to_string(system_id)) != message.npos);
}
