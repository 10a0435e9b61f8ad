// Which incomplete backup is gone on with, and which of its files stay.
// SPDX-License-Identifier: MIT
#include "engine/plan/resume.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

constexpr int64_t copy_s = 1000; ///< when the incomplete backup began to copy

format::manifest_file& add(format::manifest& to, std::string_view name, uint64_t bytes,
                           int64_t mtime_s) {
  format::manifest_file file;
  file.name = to.keep(name);
  file.size_bytes = bytes;
  file.mtime_s = mtime_s;
  to.files.push_back(file);
  return to.files.back();
}

/// A file that was copied.
format::manifest_file& add_copied(format::manifest& to, std::string_view name, uint64_t bytes,
                                  int64_t mtime_s) {
  auto& file = add(to, name, bytes, mtime_s);
  file.has_checksum = true;
  file.checksum[0] = std::byte{7};
  return file;
}

struct two_backups {
  format::manifest before;
  format::manifest now;
  resume_wish wish{.history_id = 1, .system_id = 77, .db_version = "15"};

  two_backups() {
    before.label = "20260101-000000F";
    before.references = {before.label};
    before.history_id = 1;
    before.system_id = 77;
    before.db_version = "15";
    before.copy_start_s = copy_s;
    now.start_s = now.copy_start_s = copy_s + 60;
  }
  std::string objection() const { return objection_to_resume(wish, before).value_or(""); }
  std::vector<resumed_file> choose(bool by_content = false) {
    before.sort();
    now.sort();
    return choose_resumed(now, before, by_content);
  }
};

using enum resumed_file;

} // namespace

TEST_CASE_FIXTURE(two_backups, "resume: what does not agree is told in the peer's words") {
  CHECK(objection().empty());
  SUBCASE("version") {
    before.writer_version = "0.0.1";
    CHECK(objection() == "new pgBackRest version '0.1.0' does not match resumable pgBackRest "
                         "version '0.0.1'");
  }
  SUBCASE("type") {
    before.type = format::backup_type::diff;
    before.prior = "20250101-000000F";
    CHECK(objection() == "new backup type 'full' does not match resumable backup type 'diff'");
  }
  SUBCASE("prior") {
    wish.type = before.type = format::backup_type::incr;
    wish.prior = "20250101-000000F";
    before.prior = "20250101-000000F_20250102-000000D";
    CHECK(objection() ==
          "new prior backup label '20250101-000000F' does not match resumable prior backup label "
          "'20250101-000000F_20250102-000000D'");
  }
  SUBCASE("compression") {
    wish.compression = compress_type::lz4;
    before.options.compress_kind = compress_type::gz;
    CHECK(objection() == "new compression 'lz4' does not match resumable compression 'gz'");
  }
  SUBCASE("encryption") {
    wish.encrypted = true;
    CHECK(objection().find("encryption") != std::string::npos);
  }
  SUBCASE("cluster") {
    wish.history_id = 2;
    CHECK(objection().find("another cluster") != std::string::npos);
  }
  SUBCASE("what maps of blocks refer to") {
    before.references = {"20250101-000000F", before.label};
    CHECK(objection().find("other backups") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(two_backups, "resume: of pgBackRest full backups of any version that it has") {
  before.writer_version = "2.45";
  before.history_id = before.system_id = 0; // it tells these only at the end
  CHECK(objection().empty());
  before.db_version = "14";
  CHECK_FALSE(objection().empty());
  before.db_version = "15";
  before.type = format::backup_type::diff;
  wish.type = before.type;
  CHECK(objection() == "resume only valid for full backup");
}

TEST_CASE_FIXTURE(two_backups, "resume: files of the same size and time stay, others do not") {
  add_copied(before, "pg_data/same", 10, 900);
  add(now, "pg_data/same", 10, 900);
  add_copied(before, "pg_data/size", 10, 900);
  add(now, "pg_data/size", 11, 900);
  add_copied(before, "pg_data/time", 10, 900);
  add(now, "pg_data/time", 10, 901);
  add(before, "pg_data/to come", 10, 900);
  add(now, "pg_data/to come", 10, 900);
  add(now, "pg_data/new", 10, 900);
  add_copied(before, "pg_data/gone", 10, 900);
  add_copied(before, "pg_data/empty", 0, 900);
  add(now, "pg_data/empty", 0, 900);
  add_copied(before, "pg_data/global/pg_control", 8192, 900);
  add(now, "pg_data/global/pg_control", 8192, 900);
  const auto chosen = choose();
  for (size_t i = 0; i < chosen.size(); ++i)
    CHECK_MESSAGE((chosen[i] == kept) == (now.files[i].name == "pg_data/same"), now.files[i].name);
}

TEST_CASE_FIXTURE(two_backups, "resume: a time that does not come before the copy tells nothing") {
  add_copied(before, "pg_data/in that second", 10, copy_s);
  add(now, "pg_data/in that second", 10, copy_s);
  add_copied(before, "pg_data/just before", 10, copy_s - 1);
  add(now, "pg_data/just before", 10, copy_s - 1);
  add_copied(before, "pg_data/later", 10, copy_s + 5000);
  add(now, "pg_data/later", 10, copy_s + 5000);
  CHECK(choose() == std::vector{compared, kept, compared});
  CHECK(choose(true) == std::vector{compared, compared, compared});
}

TEST_CASE_FIXTURE(two_backups, "resume: what grew while it was copied is copied again") {
  auto& grown = add_copied(before, "pg_data/grown", 10, 900);
  before.set_rare(grown, {.original_size_bytes = 8});
  add(now, "pg_data/grown", 10, 900);
  CHECK(choose() == std::vector{copied});
}

TEST_CASE_FIXTURE(two_backups,
                  "resume: pages that were not checked, or are wrong, are read again") {
  add_copied(before, "pg_data/base/1/1", 10, 900).pages = format::page_check::absent;
  add(now, "pg_data/base/1/1", 10, 900).pages = format::page_check::valid;
  add_copied(before, "pg_data/base/1/2", 10, 900).pages = format::page_check::broken;
  add(now, "pg_data/base/1/2", 10, 900).pages = format::page_check::valid;
  add_copied(before, "pg_data/base/1/3", 10, 900).pages = format::page_check::valid;
  add(now, "pg_data/base/1/3", 10, 900).pages = format::page_check::valid;
  CHECK(choose() == std::vector{copied, copied, kept});
}

TEST_CASE_FIXTURE(two_backups, "resume: bundles stay where half of them is of use, and only ours") {
  now.bundle = true;
  for (const auto* name : {"pg_data/a", "pg_data/b", "pg_data/c"})
    add(now, name, 10, 900);
  add_copied(before, "pg_data/a", 10, 900).bundle_id = 1;
  add_copied(before, "pg_data/b", 10, 900).bundle_id = 2;
  add_copied(before, "pg_data/c", 10, 901).bundle_id = 2;
  auto& lost = add_copied(before, "pg_data/d", 10, 900);
  SUBCASE("half of the second") {
    lost.bundle_id = 1;
    CHECK(choose() == std::vector{kept, kept, copied});
  }
  SUBCASE("less than half of the second") {
    lost.bundle_id = 2;
    CHECK(choose() == std::vector{kept, copied, copied});
  }
  SUBCASE("of pgBackRest none") {
    before.writer_version = "2.60.0";
    CHECK(choose() == std::vector{copied, copied, copied});
  }
  SUBCASE("in a backup without bundles none") {
    now.bundle = false;
    CHECK(choose() == std::vector{copied, copied, copied});
  }
  SUBCASE("in other containers none") {
    now.bundle_raw = true;
    CHECK(choose() == std::vector{copied, copied, copied});
  }
}

TEST_CASE_FIXTURE(two_backups,
                  "resume: times tell nothing on another timeline or by another clock") {
  before.archive_start = "000000010000000000000003";
  CHECK(times_tell(now, "000000010000000000000005", before));
  CHECK_FALSE(times_tell(now, "000000020000000000000005", before));
  now.options.online = true;
  CHECK_FALSE(times_tell(now, "000000010000000000000005", before));
  before.options.online = true;
  now.start_s = copy_s - 1;
  CHECK_FALSE(times_tell(now, "000000010000000000000005", before));
}

TEST_CASE_FIXTURE(two_backups, "resume: a kept file is the old one under its new owner, and back") {
  auto& old = add_copied(before, "pg_data/x", 10, 900);
  old.repo_size_bytes = 5;
  old.has_repo_size = true;
  old.has_master = old.master = true;
  auto& file = add(now, "pg_data/x", 10, 900);
  file.mode = 0600;
  keep_resumed(now, file, old);
  CHECK(bool(file.has_checksum));
  CHECK(file.stored_bytes() == 5);
  CHECK(file.mode == 0600);
  CHECK_FALSE(bool(file.has_master));
  forget_resumed(file);
  CHECK_FALSE(bool(file.has_checksum));
  CHECK(file.stored_bytes() == 10);
  CHECK(file.mode == 0600);
}

TEST_CASE_FIXTURE(two_backups, "resume: a finished copy knows all that the end of a backup told") {
  before.options.online = true;
  before.stop_s = 1200;
  before.archive_start = before.archive_stop = "000000010000000000000003";
  before.lsn_start = "0/3000028";
  before.lsn_stop = "0/3000100";
  for (const auto* name : {"pg_data/backup_label", "pg_data/global/pg_control"})
    add_copied(before, name, 10, 1100);
  before.sort();
  CHECK(is_finished_copy(before));
  SUBCASE("that of another program") {
    before.writer_version = "2.60.0";
  }
  SUBCASE("no end") {
    before.lsn_stop = {};
  }
  SUBCASE("no time of its end") {
    before.stop_s = 0;
  }
  SUBCASE("no label") {
    const auto first = before.files[0].name;
    before.files.remove_if([&](const auto& one) { return one.name == first; });
  }
  SUBCASE("a file to come") {
    add(before, "pg_data/z", 10, 900);
  }
  SUBCASE("offline") {
    before.options.online = false;
  }
  CHECK_FALSE(is_finished_copy(before));
}
