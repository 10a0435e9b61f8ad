// A repository whose writer dies at any moment: it reads as it was, or as it is to be.
// Source of the rules: engine/format/README.md, sections 5 and 7.3.
// SPDX-License-Identifier: MIT
#include "storage/repository/backup_claim.hpp"
#include "storage/repository/repository.hpp"
#include "tests/unit/storage/power_cut.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

const std::string old_label = "20261121-231250F";
const std::string new_label = "20261122-231250F";
const secret no_pass;

repository_settings settings(bool encrypted) {
  if (!encrypted)
    return {.key = 1, .stanza = "demo"};
  return {
      .key = 1, .stanza = "demo", .cipher = cipher_type::aes_256_cbc, .passphrase = secret("one")};
}

/// A stanza with one backup.
struct stanza {
  explicit stanza(bool encrypted) : repo(files, settings(encrypted)) {
    format::backup_info info;
    info.add_history(77, "15", 202209061, 1300);
    if (encrypted)
      info.cipher_pass = secret("two");
    REQUIRE(repo.save(info));
    REQUIRE(back_up(old_label));
    before = load();
  }

  format::backup_info load() {
    auto read = repo.load_backup_info();
    REQUIRE_MESSAGE(read, (read ? "" : read.failure().text()));
    return std::move(*read);
  }

  /// What `backup` does around the copying of files.
  result<void> back_up(const std::string& label) {
    auto info = repo.load_backup_info();
    if (!info)
      return info.failure();
    const auto of = small_manifest(label);
    auto claim = backup_claim::take(repo, of, info->cipher_pass, "1-0a1b2c3d");
    if (!claim)
      return claim.failure();
    if (auto stored = write_all(files, "backup/demo/" + label + "/pg_data/PG_VERSION", "15\n");
        !stored)
      return stored;
    if (auto ours = (*claim)->close(); !ours)
      return ours;
    publication all(files);
    if (auto added = repo.add(all, of, info->cipher_pass); !added)
      return added;
    info->add(format::summarize(of));
    all.then();
    if (auto added = repo.add(all, *info); !added)
      return added;
    if (auto done = all.publish(); !done)
      return done;
    return repo.set_latest(label);
  }

  /// What `expire` does to one backup (section 7.3).
  result<void> expire(const std::string& label) {
    auto info = repo.load_backup_info();
    if (!info)
      return info.failure();
    if (auto gone = repo.remove_manifest(label); !gone)
      return gone;
    info->remove(label);
    if (auto saved = repo.save(*info); !saved)
      return saved;
    return repo.remove_backup(label);
  }

  /// The labels that the next command sees, once it has made backup.info follow the disk.
  std::vector<std::string> listed() {
    auto info = load();
    const auto done = reconcile(repo, info);
    REQUIRE(done);
    CHECK(done->unreadable.empty());
    std::vector<std::string> labels;
    for (const auto& one : info.backups) {
      labels.push_back(one.label);
      // What is listed can be restored.
      CHECK(repo.load_manifest(one.label, info.cipher_pass));
      CHECK(files.content("backup/demo/" + one.label + "/pg_data/PG_VERSION") == "15\n");
    }
    return labels;
  }

  faulty_memory files;
  repository repo;
  format::backup_info before;
};

const std::vector<std::string> only_old = {old_label};
const std::vector<std::string> both = {old_label, new_label};

} // namespace

TEST_CASE("cut off: a backup is there or it is not, and the one before it stays") {
  for (const bool encrypted : {false, true}) {
    bool was_old = false;
    bool was_new = false;
    for (unsigned nth = 1;; ++nth) {
      CAPTURE(nth);
      REQUIRE(nth < 200);
      stanza at(encrypted);
      bool cut = false;
      {
        const power_cut power(at.files, nth);
        const auto done = at.back_up(new_label);
        cut = power.happened();
        CHECK((done || cut));
      }
      const auto labels = at.listed();
      CHECK((labels == only_old || labels == both));
      (labels == both ? was_new : was_old) = true;
      if (was_new)
        CHECK(labels == both); // there is one moment before which it is not, and after which it is
      // What the dead one left keeps nobody from another backup, as soon as it is swept.
      if (labels == only_old) {
        REQUIRE(at.repo.remove_backup(new_label));
        REQUIRE(at.back_up(new_label));
        CHECK(at.listed() == both);
      }
      if (!cut)
        break;
    }
    CHECK(was_old);
    CHECK(was_new);
  }
}

TEST_CASE("cut off: a backup is expired or it is not, and the other one stays") {
  for (const bool encrypted : {false, true}) {
    bool was_both = false;
    bool was_one = false;
    for (unsigned nth = 1;; ++nth) {
      CAPTURE(nth);
      REQUIRE(nth < 100);
      stanza at(encrypted);
      REQUIRE(at.back_up(new_label));
      bool cut = false;
      {
        const power_cut power(at.files, nth);
        const auto done = at.expire(old_label);
        cut = power.happened();
        CHECK((done || cut));
      }
      const auto labels = at.listed();
      CHECK((labels == both || labels == std::vector{new_label}));
      (labels == both ? was_both : was_one) = true;
      if (was_one)
        CHECK(labels == std::vector{new_label});
      REQUIRE(at.expire(old_label));
      CHECK_FALSE(*at.files.info("backup/demo/" + old_label));
      CHECK(at.listed() == std::vector{new_label});
      if (!cut)
        break;
    }
    CHECK(was_both);
    CHECK(was_one);
  }
}

TEST_CASE("cut off: an info file reads as it was or as it is to be") {
  for (const bool encrypted : {false, true})
    for (unsigned nth = 1;; ++nth) {
      CAPTURE(nth);
      REQUIRE(nth < 50);
      stanza at(encrypted);
      auto info = at.load();
      info.add_history(78, "16", 202307071, 1300);
      bool cut = false;
      {
        const power_cut power(at.files, nth);
        static_cast<void>(at.repo.save(info));
        cut = power.happened();
      }
      const auto now = at.load();
      CHECK((now.history == at.before.history || now.history == info.history));
      CHECK(now.backups == at.before.backups);
      // And so does the copy alone.
      const auto copy = *at.files.content("backup/demo/backup.info.copy");
      REQUIRE(at.files.remove_file("backup/demo/backup.info"));
      const auto alone = at.load();
      CHECK((alone.history == at.before.history || alone.history == info.history));
      if (!cut) {
        CHECK(alone.history == info.history);
        break;
      }
    }
}

TEST_CASE("cut off: the claim on a directory is whole or not there") {
  for (unsigned nth = 1;; ++nth) {
    CAPTURE(nth);
    REQUIRE(nth < 50);
    stanza at(false);
    bool cut = false;
    {
      const power_cut power(at.files, nth);
      static_cast<void>(backup_claim::take(at.repo, small_manifest(new_label), no_pass, "1-a"));
      cut = power.happened();
    }
    const auto there = at.repo.look_at_backup(new_label);
    REQUIRE(there);
    CHECK_FALSE(there->has_manifest);
    CHECK(static_cast<bool>(*at.files.info("backup/demo/" + new_label)) == there->has_copy);
    if (there->has_copy)
      CHECK(at.repo.load_manifest_copy(new_label, no_pass));
    if (!cut)
      break;
  }
}
