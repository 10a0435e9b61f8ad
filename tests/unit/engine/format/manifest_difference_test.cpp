// Each thing that a manifest can say, changed by itself: the comparison that guards publication
// sees it. SPDX-License-Identifier: MIT
#include "engine/format/manifest.hpp"
#include "engine/format/manifest_equality.hpp"

#include <doctest/doctest.h>

#include <functional>

using namespace pgbraid;
using namespace pgbraid::format;

namespace {

const std::string older = "20261120-000000F";

/// One of everything. Owners are added in another order where `turned`, so their indexes differ.
manifest one_of_each(bool turned = false) {
  manifest out;
  if (turned)
    for (const auto* name : {"zoe", "alice", "postgres"})
      out.owner(name);
  out.label = "20261121-231250F_20261122-000000I";
  out.type = backup_type::incr;
  out.prior = "20261121-231250F";
  out.references = {older, out.label};
  out.archive_start = out.archive_stop = "000000010000000000000004";
  out.lsn_start = out.lsn_stop = "0/4000028";
  out.db_version = "15";
  out.targets = {{.name = "pg_data", .path = "/data"},
                 {.name = "pg_tblspc/5",
                  .type = target_type::link,
                  .path = "/space",
                  .tablespace_id = 5,
                  .tablespace_name = "ts"}};
  out.databases = {{.name = "postgres", .oid = 5}};
  out.annotations = {{"who", "me"}};
  out.cipher_pass = secret("pass");
  const auto postgres = out.owner("postgres");
  manifest_file file{.name = "pg_data/base/5/1", .size_bytes = 8192};
  file.checksum[0] = std::byte{1};
  file.has_checksum = true;
  file.user = file.group = postgres;
  file.reference = out.reference(older);
  file.pages = page_check::broken;
  out.set_rare(file, {.page_errors = out.add_page_errors({{0, 0}})});
  out.files.push_back(file);
  out.paths = {{.name = "pg_data", .user = postgres, .group = postgres, .mode = 0700}};
  out.links = {{.name = "pg_data/pg_tblspc/5",
                .destination = "/space",
                .user = postgres,
                .group = postgres}};
  out.file_defaults = {.user = postgres, .group = postgres, .mode = uint16_t{0600}};
  out.path_defaults = {.user = postgres, .group = postgres, .mode = uint16_t{0700}};
  out.link_defaults = {.user = postgres, .group = postgres};
  return out;
}

using change = std::function<void(manifest&)>;

/// Changes rare values of the first file.
template <class Change> void rarely(manifest& of, Change by) {
  auto rare = *of.files[0].rare;
  by(rare);
  of.set_rare(of.files[0], rare);
}

const std::vector<change>& of_the_whole() {
  static const std::vector<change> all{
      [](manifest& of) { of.writer_version = "x"; },
      [](manifest& of) { of.label = "20261121-231250F_20261122-000001I"; },
      [](manifest& of) { of.type = backup_type::diff; },
      [](manifest& of) { of.prior.reset(); },
      [](manifest& of) { of.archive_start.reset(); },
      [](manifest& of) { of.archive_stop = "000000010000000000000005"; },
      [](manifest& of) { of.lsn_start.reset(); },
      [](manifest& of) { of.lsn_stop = "0/5"; },
      [](manifest& of) { of.block_incremental = true; },
      [](manifest& of) { of.bundle = true; },
      [](manifest& of) { of.bundle_raw = true; },
      [](manifest& of) { of.copy_start_s = 1; },
      [](manifest& of) { of.start_s = 1; },
      [](manifest& of) { of.stop_s = 1; },
      [](manifest& of) { of.references.push_back("20261121-231250F"); },
      [](manifest& of) { of.history_id = 2; },
      [](manifest& of) { of.system_id = 1; },
      [](manifest& of) { of.catalog_version = 1; },
      [](manifest& of) { of.control_version = 1; },
      [](manifest& of) { of.db_version = "16"; },
      [](manifest& of) { of.cipher_pass = secret("other"); },
      [](manifest& of) { of.annotations["who"] = "you"; },
      [](manifest& of) { of.annotations.clear(); },
      [](manifest& of) { of.options.archive_check = true; },
      [](manifest& of) { of.options.archive_copy = true; },
      [](manifest& of) { of.options.backup_standby = false; },
      [](manifest& of) { of.options.buffer_size_bytes = 1; },
      [](manifest& of) { of.options.checksum_page = true; },
      [](manifest& of) { of.options.compress_level = 1; },
      [](manifest& of) { of.options.compress_level_network = 1; },
      [](manifest& of) { of.options.compress_kind = compress_type::lz4; },
      [](manifest& of) { of.options.delta = false; },
      [](manifest& of) { of.options.hardlink = true; },
      [](manifest& of) { of.options.online = true; },
      [](manifest& of) { of.options.process_max = 1; },
      [](manifest& of) { of.file_defaults.mode = uint16_t{0640}; },
      [](manifest& of) { of.file_defaults.user = of.owner("alice"); },
      [](manifest& of) { of.file_defaults.group.reset(); },
      [](manifest& of) { of.file_defaults.master = true; },
      [](manifest& of) { of.path_defaults.mode.reset(); },
      [](manifest& of) { of.path_defaults.group = no_owner; },
      [](manifest& of) { of.link_defaults.user = of.owner("alice"); }};
  return all;
}

const std::vector<change>& of_the_file() {
  static const std::vector<change> all{
      [](manifest& of) { of.files[0].size_bytes = 1; },
      [](manifest& of) { rarely(of, [&](auto& rare) { rare.original_size_bytes = 1; }); },
      [](manifest& of) { of.files[0].mtime_s = 1; },
      [](manifest& of) { of.files[0].mode = 0600; },
      [](manifest& of) { of.files[0].user = of.owner("alice"); },
      [](manifest& of) { of.files[0].group = no_owner; },
      [](manifest& of) { of.files[0].checksum[19] = std::byte{1}; },
      [](manifest& of) { of.files[0].has_checksum = false; },
      [](manifest& of) { of.files[0].has_repo_checksum = true; },
      [](manifest& of) { of.files[0].repo_checksum[3] = std::byte{1}; },
      [](manifest& of) { of.files[0].has_repo_size = true; },
      [](manifest& of) { of.files[0].bundle_id = 1; },
      [](manifest& of) { of.files[0].bundle_offset_bytes = 1; },
      [](manifest& of) { rarely(of, [&](auto& rare) { rare.block_map_size_bytes = 1; }); },
      [](manifest& of) { rarely(of, [&](auto& rare) { rare.block_size_bytes = 8192; }); },
      [](manifest& of) { of.files[0].reference = none_index; },
      [](manifest& of) { of.files[0].reference = 1; },
      [](manifest& of) { of.files[0].pages = page_check::valid; },
      [](manifest& of) { rarely(of, [&](auto& rare) { rare.page_errors = none_index; }); },
      [](manifest& of) {
        rarely(of, [&](auto& rare) { rare.page_errors = of.add_page_errors({{0, 1}}); });
      },
      [](manifest& of) { of.files[0].has_master = true; },
      [](manifest& of) { of.files.clear(); }};
  return all;
}

void check_seen(const std::vector<change>& changes, const std::string& named) {
  for (size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    auto changed = one_of_each();
    changes[i](changed);
    for (const auto& found :
         {first_difference(one_of_each(), changed), first_difference(changed, one_of_each()),
          first_difference(one_of_each(true), changed)}) {
      REQUIRE(found);
      CHECK(found->find(named) != found->npos);
    }
  }
}

} // namespace

TEST_CASE("manifest difference: what is said in other indexes is the same") {
  CHECK_FALSE(first_difference(one_of_each(), one_of_each()));
  CHECK_FALSE(first_difference(one_of_each(), one_of_each(true)));
  CHECK_FALSE(first_difference(manifest(), manifest()));
}

TEST_CASE("manifest difference: of the backup as a whole") {
  check_seen(of_the_whole(), "backup as a whole");
}

TEST_CASE("manifest difference: of a file, which is named") {
  check_seen(of_the_file(), "pg_data/base/5/1");
}

TEST_CASE("manifest difference: of paths, links, targets and databases, which are named") {
  check_seen({[](manifest& of) { of.paths[0].mode = 0750; },
              [](manifest& of) { of.paths[0].user = no_owner; },
              [](manifest& of) { of.paths[0].group = of.owner("alice"); },
              [](manifest& of) { of.paths[0].name = "pg_data/x"; }},
             "path 'pg_data");
  check_seen({[](manifest& of) { of.paths.push_back({.name = "pg_data/z"}); }}, "pg_data/z");
  check_seen({[](manifest& of) { of.links[0].destination = "/else"; },
              [](manifest& of) { of.links[0].user = of.owner("alice"); },
              [](manifest& of) { of.links[0].group = no_owner; }},
             "link 'pg_data/pg_tblspc/5'");
  check_seen({[](manifest& of) { of.targets[1].path = "/else"; },
              [](manifest& of) { of.targets[1].file = "f"; },
              [](manifest& of) { of.targets[1].tablespace_name = "other"; },
              [](manifest& of) { of.targets[1].tablespace_id = 6; },
              [](manifest& of) { of.targets[1].type = target_type::path; },
              [](manifest& of) { of.targets.pop_back(); }},
             "target 'pg_tblspc/5'");
  check_seen({[](manifest& of) { of.databases[0].oid = 6; },
              [](manifest& of) { of.databases[0].last_system_oid = 6; },
              [](manifest& of) { of.databases.clear(); }},
             "database 'postgres'");
}

TEST_CASE("manifest difference: what is nowhere written down is none") {
  for (const auto& alike : std::vector<change>{
           // option-compress is written as the type says.
           [](manifest& of) { of.options.compress = true; },
           // Without blocks their checksums have no size.
           [](manifest& of) { rarely(of, [&](auto& rare) { rare.block_checksum_bytes = 7; }); },
           // A size that is that of the file is not written.
           [](manifest& of) {
             of.files[0].has_repo_size = true;
             of.files[0].repo_size_bytes = of.files[0].size_bytes;
           }}) {
    auto changed = one_of_each();
    alike(changed);
    CHECK_FALSE(first_difference(one_of_each(), changed));
  }
  // Links have no defaults where there are no links.
  auto without = one_of_each();
  auto other = one_of_each();
  without.links.clear();
  other.links.clear();
  other.link_defaults.user.reset();
  CHECK_FALSE(first_difference(without, other));
  // Nothing has one checksum, whether it is told or not.
  auto empty = one_of_each();
  auto told = one_of_each();
  for (auto* of : {&empty, &told})
    of->files[0].size_bytes = 0;
  told.files[0].checksum = empty_sha1;
  empty.files[0].has_checksum = false;
  CHECK_FALSE(first_difference(empty, told));
}
