// Which backup of which repository a restore takes, and along which timeline it recovers.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore_source.hpp"
#include "actors/restore/target_timeline.hpp"
#include "engine/codec/cipher_text.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/actors/restore/whole_rig.hpp"

using namespace pgbraid;
using namespace pgbraid::restore_test;

namespace {

const error no_answer{errc::host_connect, "no route to host"};

errc refusal(const whole_rig& with) {
  const auto source = open_restore_source(with.wanted, with.from);
  REQUIRE(!source);
  return source.failure().code;
}

/// The key of the repository that was chosen.
unsigned chosen(const whole_rig& with) {
  const auto source = open_restore_source(with.wanted, with.from);
  if (!source)
    FAIL(source.failure().text());
  CHECK(source->backup.label == "20261121-231250F");
  CHECK(source->backup.files.size() == 5);
  CHECK(source->version == 150000);
  return source->repo->key();
}

/// Where the history of a timeline lies.
std::string history_path(unsigned timeline) {
  return fmt::format("archive/demo/15-1/{:08X}.history", timeline);
}

result<target_timeline> timeline_of(whole_rig& with, std::optional<std::string> option,
                                    plan::recovery_type type = plan::recovery_type::standard) {
  pgbraid::repository repo(with.repository, {.key = 1, .stanza = "demo"});
  return find_target_timeline(repo, with.backup, {std::move(option), type, 150000});
}

errc timeline_refusal(whole_rig& with, const std::string& option) {
  const auto found = timeline_of(with, option);
  REQUIRE(!found);
  return found.failure().code;
}

} // namespace

TEST_CASE("restore source: one that does not answer is skipped while another has the backup") {
  whole_rig with;
  with.publish();
  CHECK(chosen(with) == 1);
  with.from = {whole_rig::closed_door(1, no_answer), whole_rig::door(2, with.repository)};
  CHECK(chosen(with) == 2);
  with.from = {whole_rig::door(1, with.repository), whole_rig::closed_door(2, no_answer)};
  CHECK(chosen(with) == 1);
}

TEST_CASE("restore source: the first repository that has the backup gives it") {
  whole_rig with;
  with.publish();
  test::faulty_memory empty;
  whole_rig::save_infos(empty, {});
  with.from = {whole_rig::door(1, empty), whole_rig::door(2, with.repository),
               whole_rig::door(3, with.repository)};
  CHECK(chosen(with) == 2);
  with.wanted.set = with.backup.label;
  CHECK(chosen(with) == 2);
  with.wanted.set = "20261121-000000F";
  CHECK(refusal(with) == errc::backup_set_invalid);
}

TEST_CASE("restore source: where nobody has anything to read, there is no backup set") {
  whole_rig with;
  test::faulty_memory nothing;
  test::faulty_memory empty;
  whole_rig::save_infos(empty, {});
  with.from = {whole_rig::door(1, nothing)};
  CHECK(refusal(with) == errc::backup_set_invalid);
  with.from.push_back(whole_rig::door(2, empty));
  CHECK(refusal(with) == errc::backup_set_invalid);
}

TEST_CASE("restore source: where none can be read, the first that failed says why") {
  whole_rig with;
  test::faulty_memory nothing;
  with.from = {whole_rig::door(1, nothing), whole_rig::closed_door(2, no_answer),
               whole_rig::closed_door(3, {errc::crypto, "wrong passphrase"})};
  const auto source = open_restore_source(with.wanted, with.from);
  REQUIRE(!source);
  CHECK(source.failure().code == errc::host_connect);
  CHECK(source.failure().message.find("no route to host") != std::string::npos);
  CHECK(source.failure().message.find("wrong passphrase") != std::string::npos);
}

TEST_CASE("restore source: damaged infos are an error of their own, or skipped") {
  test::hostile("stored files that are damaged or expand");
  whole_rig with;
  with.publish();
  test::faulty_memory damaged;
  for (const auto* path : {"backup/demo/backup.info", "backup/demo/backup.info.copy"})
    REQUIRE(write_all(damaged, path, "[backup]\nnonsense"));
  with.from = {whole_rig::door(1, damaged)};
  CHECK(refusal(with) != errc::backup_set_invalid);
  with.from.push_back(whole_rig::door(2, with.repository));
  CHECK(chosen(with) == 2);
}

TEST_CASE("restore source: a listed backup without manifest, or with another one's, is refused") {
  test::hostile("stored files that are damaged or expand", 2);
  whole_rig with;
  with.publish();
  const auto summary = format::summarize(with.backup);
  auto renamed = summary;
  renamed.label = "20261122-000000F";
  whole_rig::save_infos(with.repository, {summary, renamed});
  CHECK(refusal(with) == errc::file_missing); // the newest one
  const auto text = with.repository.content("backup/demo/20261121-231250F/backup.manifest");
  REQUIRE(text);
  with.put("backup/demo/20261122-000000F/backup.manifest", *text);
  CHECK(refusal(with) == errc::format);
}

TEST_CASE("restore source: from a stopped cluster's backup nothing is recovered by default") {
  whole_rig with;
  with.backup.options.online = false;
  with.publish();
  auto source = open_restore_source(with.wanted, with.from);
  REQUIRE(source);
  CHECK(source->type == plan::recovery_type::none);
  with.wanted.type_given = true;
  source = open_restore_source(with.wanted, with.from);
  REQUIRE(source);
  CHECK(source->type == plan::recovery_type::standard);
}

TEST_CASE("restore timeline: the backup's own, until a newer one has a history") {
  whole_rig with;
  with.publish();
  auto found = timeline_of(with, {});
  REQUIRE(found);
  CHECK(found->number == 1);
  with.put(history_path(2), "1\t0/8000000\tno recovery target specified\n");
  with.put(history_path(3), "1\t0/8000000\tx\n2\t0/9000000\tx\n");
  found = timeline_of(with, {});
  REQUIRE(found);
  CHECK(found->number == 3);
  REQUIRE(found->history.size() == 2);
  CHECK(found->history[1].lsn == 0x9000000);
  found = timeline_of(with, "0x2");
  REQUIRE(found);
  CHECK(found->number == 2);
  for (const auto* own : {"current", "1"}) {
    found = timeline_of(with, own);
    REQUIRE(found);
    CHECK(found->number == 1);
    CHECK(found->history.empty());
  }
  found = timeline_of(with, {}, plan::recovery_type::immediate);
  REQUIRE(found);
  CHECK(found->number == 1);
}

TEST_CASE("restore timeline: one that cannot be reached is refused") {
  whole_rig with;
  with.publish();
  CHECK(timeline_refusal(with, "soon") == errc::db_mismatch);
  CHECK(timeline_refusal(with, "2") == errc::file_missing);
  with.put(history_path(2), "1\t0/4000000\tleft before the backup began\n");
  CHECK(timeline_refusal(with, "2") == errc::db_mismatch);
  CHECK(timeline_refusal(with, "latest") == errc::db_mismatch);
  CHECK(refusal(with) == errc::db_mismatch);
  with.put(history_path(5), "4\t0/8000000\tanother cluster's\n");
  CHECK(timeline_refusal(with, "5") == errc::db_mismatch);
  with.backup.system_id = 78;
  CHECK(timeline_refusal(with, "2") == errc::archive_mismatch);
}

TEST_CASE("restore timeline: a history that is not encrypted is read as it is") {
  whole_rig with;
  pgbraid::repository repo(with.repository, {.key = 1, .stanza = "demo"});
  format::archive_info archive;
  archive.add(77, "15");
  archive.cipher_pass = secret("stray");
  REQUIRE(repo.save(archive));
  with.put(history_path(2), "1\t0/8000000\tx\n");
  const auto found = find_target_timeline(repo, with.backup, {.version = 150000});
  if (!found)
    FAIL(found.failure().text());
  CHECK(found->number == 2);
  CHECK(found->history.size() == 1);
}

TEST_CASE("restore timeline: an encrypted history is opened with the passphrase of the archive") {
  whole_rig with;
  pgbraid::repository repo(with.repository, {.key = 1,
                                             .stanza = "demo",
                                             .cipher = cipher_type::aes_256_cbc,
                                             .passphrase = secret("of the repository")});
  format::archive_info archive;
  archive.add(77, "15");
  archive.cipher_pass = secret("of the archive");
  REQUIRE(repo.save(archive));
  const auto put = [&](std::string_view pass) {
    auto sealed = codec::encrypt_all(as_bytes("1\t0/8000000\tx\n"), pass);
    // One wrong passphrase in 256 leaves padding that looks right, and then text that is no
    // history.
    while (sealed && pass != "of the archive" && codec::decrypt_all(*sealed, "of the archive"))
      sealed = codec::encrypt_all(as_bytes("1\t0/8000000\tx\n"), pass);
    REQUIRE(sealed);
    with.put(history_path(2), as_text(*sealed));
  };
  put("of the archive");
  const auto found = find_target_timeline(repo, with.backup, {.version = 150000});
  if (!found)
    FAIL(found.failure().text());
  CHECK(found->number == 2);
  CHECK(found->history.size() == 1);
  put("of the repository");
  const auto wrong = find_target_timeline(repo, with.backup, {.version = 150000});
  REQUIRE(!wrong);
  CHECK(wrong.failure().code == errc::crypto);
  CHECK(wrong.failure().text().find(history_path(2)) != std::string::npos);
}
