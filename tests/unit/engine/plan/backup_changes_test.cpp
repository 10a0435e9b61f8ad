// What a diff or incr builds on, and which files it copies.
// SPDX-License-Identifier: MIT
#include "engine/plan/backup_basis.hpp"
#include "engine/plan/backup_changes.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::plan;
using plan_test::add_file;
using plan_test::sample_backup;

namespace {

constexpr std::string_view full = "20261121-231250F";
constexpr std::string_view diff = "20261121-231250F_20261122-000000D";
constexpr std::string_view incr = "20261121-231250F_20261122-010000I";

format::backup_summary summary(std::string_view label, uint64_t history = 1) {
  format::backup_summary out{.label = std::string(label), .type = format::type_of_label(label)};
  out.history_id = history;
  return out;
}

format::backup_info known(const std::vector<format::backup_summary>& backups) {
  format::backup_info out;
  out.current_id = 1;
  for (const auto& one : backups)
    out.add(one);
  return out;
}

constexpr format::sha1_bytes content = {std::byte{7}};

/// A complete backup, in which every file has its time, content, and a place.
format::manifest complete() {
  auto out = sample_backup();
  out.copy_start_s = 1000;
  out.archive_stop = "000000010000000000000003";
  for (auto& file : out.files) {
    file.mtime_s = 900;
    file.has_checksum = true;
    file.checksum = content;
    file.repo_size_bytes = 77;
    file.has_repo_size = true;
    file.bundle_id = 4;
    file.bundle_offset_bytes = 50;
  }
  return out;
}

/// The same cluster, walked again.
format::manifest walked() {
  auto out = sample_backup();
  out.label = diff;
  out.copy_start_s = 2000;
  for (auto& file : out.files) {
    file.mtime_s = 900;
  }
  return out;
}

constexpr std::string_view relation = "pg_data/base/5/112";

} // namespace

TEST_CASE(
    "basis: the newest full for a diff, the newest backup for an incr, of this cluster only") {
  const auto info = known({summary(full), summary(diff), summary(incr)});
  CHECK(choose_backup_basis("full", info).choice.prior == std::nullopt);
  CHECK(*choose_backup_basis("diff", info).choice.prior == full);
  CHECK(*choose_backup_basis("incr", info).choice.prior == incr);
  CHECK(choose_backup_basis("incr", info).warning.empty());
  const auto other = known({summary(full), summary(diff, 2)});
  CHECK(*choose_backup_basis("incr", other).choice.prior == full);
}

TEST_CASE("basis: without anything to build on the backup is a full one, and says so") {
  for (const auto* wish : {"diff", "incr"})
    for (const auto& info : {known({}), known({summary(full, 2)})}) {
      const auto chosen = choose_backup_basis(wish, info);
      CHECK(chosen.choice.type == format::backup_type::full);
      CHECK_FALSE(chosen.choice.prior);
      CHECK(chosen.warning ==
            std::string("no prior backup exists, ") + wish + " backup has been changed to full");
    }
}

TEST_CASE("basis: a set keeps its compression, page check and containers") {
  auto prior = complete();
  prior.options.compress_kind = compress_type::zst;
  prior.options.compress_level = 5;
  prior.options.checksum_page = true;
  prior.bundle_raw = true;
  const common_rules same{compress_type::zst, 9, true, false};
  const auto kept = settle_rules(same, format::backup_type::incr, prior);
  CHECK(kept.warnings.empty());
  CHECK(kept.rules == common_rules{compress_type::zst, 9, true, true});
  const auto reset =
      settle_rules({compress_type::gz, 6, false, false}, format::backup_type::diff, prior);
  CHECK(reset.rules == common_rules{compress_type::zst, 5, true, true});
  REQUIRE(reset.warnings.size() == 2);
  CHECK(reset.warnings[0] ==
        "diff backup cannot alter compress-type option to 'gz', reset to value "
        "in 20261121-231250F");
  CHECK(reset.warnings[1] == "diff backup cannot alter 'checksum-page' option to 'false', reset to "
                             "'true' from 20261121-231250F");
}

TEST_CASE("basis: labels keep their order, since block maps store positions") {
  auto prior = complete();
  prior.label = incr;
  prior.references = {std::string(full), std::string(diff), std::string(incr)};
  CHECK(inherited_references(prior) == prior.references);
  prior.references = {std::string(full)}; // a writer that forgot itself
  CHECK(inherited_references(prior) ==
        std::vector<std::string>{std::string(full), std::string(incr)});
}

TEST_CASE("changes: size and time tell what is copied") {
  const auto prior = complete();
  auto now = walked();
  auto& file = *now.find_file(relation);
  const auto judged = [&](bool delta = false) {
    return judge_file(now, file, prior, prior.find_file(relation), delta);
  };
  CHECK(judged() == file_change::unchanged);
  CHECK(judged(true) == file_change::compare);
  file.mtime_s = 901;
  CHECK(judged() == file_change::time);
  CHECK(judged(true) == file_change::compare);
  file.size_bytes += 8192;
  CHECK(judged() == file_change::size);
  CHECK(judged(true) == file_change::size);
  CHECK(judge_file(now, file, prior, nullptr, false) == file_change::is_new);
}

TEST_CASE("changes: empty files are referred to only where they were stored") {
  auto prior = complete();
  auto now = walked();
  prior.find_file(relation)->size_bytes = 0;
  auto& file = *now.find_file(relation);
  file.size_bytes = 0;
  file.mtime_s = 950;
  const auto judged = [&] {
    return judge_file(now, file, prior, prior.find_file(relation), false);
  };
  CHECK(judged() == file_change::unchanged);
  prior.bundle = true;
  CHECK(judged() == file_change::is_new);
  now.bundle = true;
  CHECK(judged() == file_change::empty);
}

TEST_CASE(
    "changes: a file refers to whoever has its bytes, and keeps what it is called and owned by") {
  auto prior = complete();
  prior.label = incr;
  prior.references = {std::string(full), std::string(incr)};
  auto& before = *prior.find_file(relation);
  before.reference = 0;
  before.pages = format::page_check::broken;
  prior.set_rare(before, {.page_errors = prior.add_page_errors({{3, 3}, {7, 9}})});
  before.has_master = before.master = true; // by a version before 2.38
  auto now = walked();
  now.references = inherited_references(prior);
  now.references.emplace_back(now.label);
  auto& file = *now.find_file(relation);
  file.mode = 0640;
  file.user = now.owner("other");
  file.mtime_s = 950;
  refer_to_prior(now, file, prior, before);
  CHECK(now.holder(file) == full);
  CHECK(file.name == relation);
  CHECK(file.mode == 0640);
  CHECK_FALSE(bool(file.has_master));
  CHECK_FALSE(bool(file.master));
  CHECK(*now.owner_name(file.user) == "other");
  CHECK(file.mtime_s == 950);
  CHECK(file.checksum == content);
  CHECK(file.stored_bytes() == 77);
  CHECK(file.bundle_id == 4);
  CHECK(file.bundle_offset_bytes == 50);
  CHECK(now.page_errors[file.rare->page_errors] == std::vector<format::page_range>{{3, 3}, {7, 9}});
  auto& other = *now.find_file("pg_data/PG_VERSION");
  refer_to_prior(now, other, prior, *prior.find_file("pg_data/PG_VERSION"));
  CHECK(now.holder(other) == incr);
}

TEST_CASE("changes: all files are judged, and those to come are counted") {
  auto prior = complete();
  const format::packed_files packed(prior);
  prior.drop_files();
  auto now = walked();
  now.references = {std::string(full), now.label};
  add_file(now, "pg_data/base/5/113", 8192);
  now.sort();
  now.find_file("pg_data/base/5/113")->mtime_s = 900;
  now.find_file(relation)->mtime_s = 1000;
  const auto counts = refer_unchanged(now, prior, packed, false);
  CHECK(counts.to_copy == 2);
  CHECK(counts.unchanged == now.files.size() - 2);
  for (const auto& file : now.files)
    CHECK((file.reference == format::none_index) ==
          (file.name == relation || file.name == "pg_data/base/5/113"));
  // What may still be compared while it is copied is known.
  unpack_unreferred(prior, packed, now);
  REQUIRE(prior.files.size() == 1);
  CHECK(prior.files[0].name == relation);
  CHECK(prior.files[0].checksum == content);
  auto again = walked();
  again.references = now.references;
  prior.drop_files();
  CHECK(refer_unchanged(again, prior, packed, true).unchanged == 0);
  unpack_unreferred(prior, packed, again);
  CHECK(prior.files.size() == packed.size());
}

TEST_CASE("changes: what a content may be compared with") {
  auto prior = complete();
  auto now = walked();
  const auto& file = *now.find_file(relation);
  CHECK(comparable(file, prior) == prior.find_file(relation));
  prior.find_file(relation)->has_checksum = false;
  CHECK_FALSE(comparable(file, prior));
  prior = complete();
  prior.find_file(relation)->size_bytes = 1;
  CHECK_FALSE(comparable(file, prior));
  CHECK_FALSE(comparable(add_file(now, "pg_data/base/5/9", 1), prior));
}

TEST_CASE("changes: times that cannot be trusted turn delta on") {
  const auto reason = [](const auto& change,
                         std::string_view segment = "000000010000000000000005") {
    auto prior = complete();
    auto now = walked();
    change(now, prior);
    return find_delta_reason(now, segment, prior, format::packed_files(prior)).value_or("");
  };
  const auto nothing = [](auto&, auto&) {};
  CHECK(reason(nothing).empty());
  CHECK(reason(nothing, "").empty());
  CHECK(reason(nothing, "000000020000000000000005")
            .starts_with("a timeline switch has occurred since the 20261121-231250F backup, "));
  CHECK(reason([](auto&, auto& prior) { prior.options.online = false; }) ==
        "the online option has changed since the 20261121-231250F backup, enabling delta checksum");
  CHECK(reason([](auto& now, auto&) { now.find_file(relation)->mtime_s = 2001; }) ==
        "file 'base/5/112' has timestamp (2001) in the future (relative to copy start 2000), "
        "enabling delta checksum");
  CHECK(reason([](auto& now, auto&) { now.find_file(relation)->mtime_s = 2000; }).empty());
  CHECK(reason([](auto& now, auto&) { now.find_file(relation)->mtime_s = 899; }) ==
        "file 'base/5/112' has timestamp earlier than prior backup (prior 900, current 899), "
        "enabling delta checksum");
  CHECK(reason([](auto& now, auto&) { now.find_file(relation)->size_bytes = 16384; }) ==
        "file 'base/5/112' has same timestamp (900) as prior but different size (prior 8192, "
        "current 16384), enabling delta checksum");
  // It grew while it was copied: what counts is the size of the walk.
  CHECK(reason([](auto&, auto& prior) {
          prior.set_rare(*prior.find_file(relation), {.original_size_bytes = 1});
        }) != "");
}
