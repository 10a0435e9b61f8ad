// `info` of any stanzas: its JSON read by another reader, its text line by line.
// SPDX-License-Identifier: MIT
#include "engine/format/manifest.hpp"
#include "engine/report/info_stanza.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <set>

using namespace pgbraid;
using namespace pgbraid::report;
using test::between;

namespace {

const std::vector<std::pair<info_code, std::string>> codes{
    {info_code::ok, "ok"},
    {info_code::missing_stanza_path, "missing stanza path"},
    {info_code::no_valid_backups, "no valid backups"},
    {info_code::missing_stanza_data, "missing stanza data"},
    {info_code::backup_not_found, "requested backup not found"},
    {info_code::other, "other"}};

format::backup_summary any_backup(const std::string& label, uint64_t clusters) {
  format::backup_summary out{.label = label};
  out.type = format::type_of_label(label);
  out.history_id = *between<uint64_t>(1, clusters);
  out.start_s = *between<int64_t>(0, 1000);
  out.stop_s = out.start_s + *between(0, 100);
  out.size_bytes = *between<uint64_t>(0, 1 << 30);
  out.repo_size_bytes = out.size_bytes / 3;
  if (*rc::gen::arbitrary<bool>())
    out.archive_start = out.archive_stop = "000000010000000000000004";
  if (*between(0, 2) == 0)
    out.lsn_start = out.lsn_stop = "0/4000028";
  if (*between(0, 2) == 0)
    out.map_size_bytes = out.map_size_delta_bytes = 7;
  if (*between(0, 1) == 0)
    out.page_errors = *rc::gen::arbitrary<bool>();
  for (auto more = *between(0, 2); more > 0; --more)
    out.annotations[*test::text_of("ab\"\n", 2)] = *test::text_of("x\\\"\t\x1b\xff", 3);
  if (out.type != format::backup_type::full) {
    out.prior = std::string(format::full_of_label(label));
    out.reference = {*out.prior};
  }
  return out;
}

info_repository any_repository(unsigned key) {
  info_repository out{.key = key};
  out.cipher = *rc::gen::element(cipher_type::none, cipher_type::aes_256_cbc);
  out.code = (*rc::gen::elementOf(codes)).first;
  if (out.code == info_code::other) {
    set_failure(out, {errc::format, "broken \x1b[2J", "Why?\nWhen?"});
    return out;
  }
  if (*between(0, 3) == 0)
    return out;
  out.info.emplace();
  const auto clusters = *between<uint64_t>(1, 3);
  for (uint64_t id = 1; id <= clusters; ++id)
    out.info->add_history(id, "15", 0, 0);
  for (int day = 1; day <= *between(0, 4); ++day) {
    const auto full = fmt::format("202601{:02}-000000F", day);
    out.info->add(any_backup(*between(0, 1) == 0 ? full : full + "_20260201-000000I", clusters));
  }
  for (uint64_t id = 1; id <= clusters; ++id)
    if (*between(0, 1) == 0)
      out.wal.push_back({fmt::format("15-{}", id), id, "000000010000000000000001",
                         fmt::format("0000000100000000000000{:02}", *between(10, 99))});
  return out;
}

info_lock any_lock() {
  info_lock out{.held = *rc::gen::arbitrary<bool>()};
  for (auto more = out.held ? *between(0, 2) : 0; more > 0; --more) {
    const auto size = *between<uint64_t>(0, 1000);
    out.repositories.push_back({static_cast<unsigned>(more), size, *between<uint64_t>(0, size)});
  }
  return out;
}

std::vector<info_stanza> any_stanzas() {
  std::vector<info_stanza> out;
  for (auto more = *between(0, 3); more > 0; --more) {
    info_stanza one{.name = fmt::format("demo{}{}", more, *test::text_of("\"\x07", 1)),
                    .repositories = {}};
    for (unsigned key = 1; key <= static_cast<unsigned>(*between(1, 3)); ++key)
      one.repositories.push_back(any_repository(2 * key));
    one.backup = any_lock();
    one.restore = any_lock();
    out.push_back(std::move(one));
  }
  return out;
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

/// Section 9: one code for all, or what is different.
info_code code_of(const info_stanza& of) {
  std::set<uint64_t> systems;
  std::set<info_code> all;
  for (const auto& repo : of.repositories) {
    all.insert(repo.code);
    if (repo.info)
      systems.insert(repo.info->current().system_id);
  }
  return systems.size() > 1 ? info_code::database_mismatch
         : all.size() > 1   ? info_code::different
                            : *all.begin();
}

} // namespace

TEST_CASE("info model: codes and messages of the table") {
  for (const auto& [code, message] : codes)
    CHECK(info_message(code) == message);
  CHECK(info_message(info_code::different) == "different across repos");
  CHECK(info_message(info_code::database_mismatch) == "database mismatch across repos");
  CHECK(static_cast<int>(info_code::backup_not_found) == 6);
  CHECK(static_cast<int>(info_code::other) == 99);
}

TEST_CASE("info model: JSON that others read, in one line, members sorted") {
  test::for_all([] {
    test::hostile("control characters and line feeds");
    const auto stanzas = any_stanzas();
    for (const auto level : {info_level::full, info_level::progress}) {
      const auto text = info_json(stanzas, level);
      RC_ASSERT(std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }));
      const auto read = nlohmann::json::parse(text, nullptr, false);
      RC_ASSERT(!read.is_discarded());
      RC_ASSERT(read.size() == stanzas.size());
      // Who writes what was read sorts members; so they were sorted before.
      std::vector<std::string> names;
      const auto sorted = nlohmann::json::parse(
          text,
          [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& part) {
            const auto at = static_cast<size_t>(depth);
            names.resize(std::max(names.size(), at + 1));
            if (event == nlohmann::json::parse_event_t::object_start)
              names.resize(at + 1), names.emplace_back();
            if (event == nlohmann::json::parse_event_t::key) {
              const auto name = part.get<std::string>();
              RC_ASSERT((names[at].empty() || names[at] < name));
              names[at] = name;
            }
            return true;
          },
          false);
      RC_ASSERT(sorted == read);
      for (size_t i = 0; i < stanzas.size(); ++i) {
        const auto& status = read[i]["status"];
        RC_ASSERT(status["code"] == static_cast<int>(code_of(stanzas[i])));
        RC_ASSERT(status["message"] == std::string(info_message(code_of(stanzas[i]))));
        RC_ASSERT(status["lock"]["backup"]["held"] == stanzas[i].backup.held);
        RC_ASSERT(read[i].contains("backup") == (level == info_level::full));
      }
    }
  });
}

TEST_CASE("info model: JSON has each backup once, by the time it ended") {
  test::for_all([] {
    const auto stanzas = any_stanzas();
    const auto read = nlohmann::json::parse(info_json(stanzas, info_level::full));
    for (size_t i = 0; i < stanzas.size(); ++i) {
      std::multimap<std::pair<unsigned, std::string>, const format::backup_summary*> wanted;
      for (const auto& repo : stanzas[i].repositories)
        if (repo.info)
          for (const auto& one : repo.info->backups)
            wanted.emplace(std::pair(repo.key, one.label), &one);
      const auto& backups = read[i]["backup"];
      RC_ASSERT(backups.size() == wanted.size());
      int64_t before = 0;
      for (const auto& one : backups) {
        RC_ASSERT(one["timestamp"]["stop"].get<int64_t>() >= before);
        before = one["timestamp"]["stop"];
        const auto found = wanted.find(
            {one["database"]["repo-key"].get<unsigned>(), one["label"].get<std::string>()});
        RC_ASSERT(found != wanted.end());
        const auto& of = *found->second;
        RC_ASSERT(one["database"]["id"] == of.history_id);
        RC_ASSERT(one["info"]["size"] == of.size_bytes);
        RC_ASSERT(one["type"] == std::string(format::backup_type_name(of.type)));
        RC_ASSERT(one["prior"].is_null() == !of.prior);
        RC_ASSERT(one["archive"]["start"].is_null() == !of.archive_start);
        RC_ASSERT(one.contains("lsn") == of.lsn_start.has_value());
        RC_ASSERT(one.contains("error") == of.page_errors.has_value());
        RC_ASSERT(one.contains("annotation") == !of.annotations.empty());
        wanted.erase(found);
      }
      RC_ASSERT(wanted.empty());
    }
  });
}

namespace {

/// How many `--set` shows of all that have the label: those of one cluster.
bool is_shown(size_t shown, const info_stanza& of) {
  std::map<std::pair<uint64_t, std::string>, size_t> counts;
  for (const auto& listed : of.backups())
    if (const auto* its = listed.from->info->history_entry(listed.backup->history_id))
      ++counts[{its->system_id, its->version}];
  return counts.empty()
             ? shown == 0
             : std::ranges::any_of(counts, [&](const auto& one) { return one.second == shown; });
}

} // namespace

TEST_CASE("info model: text has each stanza and each backup once, in lines that are only text") {
  test::for_all([] {
    test::hostile("control characters and line feeds");
    const auto stanzas = any_stanzas();
    const bool one_backup = *rc::gen::arbitrary<bool>();
    const auto text = info_text(stanzas, info_level::full, one_backup);
    RC_ASSERT(text.ends_with('\n'));
    RC_ASSERT(std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 && c != '\n'; }));
    RC_ASSERT(count_of("\n" + text, "\nstanza: ") == stanzas.size());
    size_t backups = 0;
    for (const auto& one : stanzas) {
      const auto shown = count_of(info_text({one}, info_level::full, one_backup), " backup: 2026");
      RC_ASSERT((one_backup ? is_shown(shown, one) : shown == one.backups().size()));
      backups += shown;
    }
    RC_ASSERT(count_of(text, " backup: 2026") == backups);
    RC_ASSERT(count_of(text, "timestamp start/stop: ") == backups);
    // Of each stanza the current cluster comes last.
    for (const auto& one : stanzas) {
      const auto alone = info_text({one}, info_level::full, false);
      const auto current = alone.find("db (current)");
      RC_ASSERT((current == alone.npos || alone.find("db (prior)", current) == alone.npos));
    }
  });
}

TEST_CASE("info model: how far a backup is, as a percentage of all that is copied") {
  test::for_all([] {
    std::vector<info_stanza> stanzas{{.name = "demo", .repositories = {}}};
    stanzas[0].repositories.push_back({.key = 1});
    auto& lock = stanzas[0].backup;
    lock = any_lock();
    stanzas[0].restore.held = *rc::gen::arbitrary<bool>();
    uint64_t size = 0;
    uint64_t done = 0;
    for (const auto& one : lock.repositories) {
      size += one.size_bytes;
      done += one.complete_bytes;
    }
    static const std::regex shape("stanza: demo\n    status: ok"
                                  "( \\((backup/expire running( - ([0-9.]+)% complete)?)?(, )?"
                                  "(restore running)?\\))?\n");
    std::smatch parts;
    const auto text = info_text(stanzas, info_level::progress, false);
    RC_ASSERT(std::regex_match(text, parts, shape));
    RC_ASSERT(parts[2].matched == lock.held);
    RC_ASSERT(parts[3].matched == (lock.held && size > 0));
    RC_ASSERT(parts[6].matched == stanzas[0].restore.held);
    RC_ASSERT(parts[5].matched == (lock.held && stanzas[0].restore.held));
    if (parts[3].matched) {
      const auto exact = 100.0 * static_cast<double>(done) / static_cast<double>(size);
      RC_ASSERT(std::abs(std::stod(parts[4].str()) - exact) <= 0.0051);
    }
  });
}

TEST_CASE("info detail: what a manifest tells of one backup") {
  format::manifest of;
  of.databases = {{.name = "postgres", .oid = 5},
                  {.name = "template0", .oid = 4},
                  {.name = "template1", .oid = 1},
                  {.name = "my_template", .oid = 16384}};
  of.targets = {{.name = "pg_data", .path = "/data"},
                {.name = "pg_data/pg_hba.conf",
                 .type = format::target_type::link,
                 .path = "../conf",
                 .file = "hba.conf"},
                {.name = "pg_data/pg_ident.conf",
                 .type = format::target_type::link,
                 .path = "/",
                 .file = "ident.conf"},
                {.name = "pg_data/pg_wal", .type = format::target_type::link, .path = "/fast"},
                {.name = "pg_tblspc/7",
                 .type = format::target_type::link,
                 .path = "/space",
                 .tablespace_id = 7,
                 .tablespace_name = "ts"}};
  for (const auto pages :
       {format::page_check::absent, format::page_check::valid, format::page_check::broken})
    of.files.push_back({.name = of.keep(fmt::format("pg_data/base/5/{}", static_cast<int>(pages))),
                        .pages = pages});
  of.files.push_back({.name = "pg_tblspc/7/PG_15_1/5/9", .pages = format::page_check::broken});
  const auto detail = detail_of(of);
  const auto shown = [](const std::vector<info_detail::named>& all) {
    std::string out;
    for (const auto& one : all)
      out += fmt::format("{} {} {};", one.name, one.oid, one.destination);
    return out;
  };
  CHECK(shown(detail.databases) == "postgres 5 ;my_template 16384 ;");
  CHECK(shown(detail.links) ==
        "pg_hba.conf 0 ../conf/hba.conf;pg_ident.conf 0 /ident.conf;pg_wal 0 /fast;");
  CHECK(shown(detail.tablespaces) == "ts 7 /space;");
  CHECK(detail.damaged_files == std::vector<std::string>{"base/5/2", "pg_tblspc/7/PG_15_1/5/9"});
}

TEST_CASE("info failure: what cannot be shown shows nothing but why") {
  test::for_all([] {
    auto repo = any_repository(1);
    set_failure(repo, {errc::file_missing, "unable to open", "Is it there?"});
    RC_ASSERT((repo.code == info_code::other));
    RC_ASSERT(repo.message == "[FileMissingError] unable to open\nHINT: Is it there?");
    RC_ASSERT(!repo.info.has_value());
    RC_ASSERT(repo.wal.empty());
  });
}
