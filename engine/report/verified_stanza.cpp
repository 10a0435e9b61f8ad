// Text and JSON of `verify`.
// SPDX-License-Identifier: MIT
#include "engine/report/verified_stanza.hpp"

#include "engine/format/json_writer.hpp"
#include "engine/report/local_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace pgbraid::report {

namespace {

std::string_view word_of(verified_state state) {
  switch (state) {
  case verified_state::valid:
    return "valid";
  case verified_state::invalid:
    return "invalid";
  case verified_state::manifest_missing:
    return "manifest missing";
  case verified_state::in_progress:
    break;
  }
  return "in-progress";
}

bool is_whole(const verified_files& of) {
  return of.valid == of.total;
}

bool is_damaged_backup(const verified_backup& of) {
  return of.state == verified_state::invalid || of.lacking_wal != 0 || !of.doubtful.empty();
}

bool is_damaged_archive(const verified_archive& of) {
  return !of.known || !is_whole(of.wal);
}

auto counts_of(const verified_files& of) {
  return std::array<std::pair<std::string_view, uint64_t>, 4>{
      {{"missing", of.missing},
       {"checksum invalid", of.wrong_content},
       {"size invalid", of.wrong_size},
       {"other", of.unreadable}}};
}

/// What is wrong with how many files: one line, or nothing.
void add_counts(std::string& text, const verified_files& of, bool verbose) {
  std::string line;
  for (const auto& [name, count] : counts_of(of))
    if (count != 0 || (verbose && of.total != 0))
      line += fmt::format("{}{}: {}", line.empty() ? "\n    " : ", ", name, count);
  text += line;
}

void add_archive(std::string& text, const verified_archive& of, bool verbose) {
  if (!verbose && is_whole(of.wal))
    return;
  text += fmt::format("\n  archiveId: {}, total WAL checked: {}, total valid WAL: {}", of.id,
                      of.wal.total, of.wal.valid);
  add_counts(text, of.wal, verbose);
}

void add_backup(std::string& text, const verified_backup& of, bool verbose) {
  if (!verbose && !is_damaged_backup(of))
    return;
  text += fmt::format("\n  backup: {}, status: {}, total files checked: {}, total valid files: {}",
                      of.label, word_of(of.state), of.files.total, of.files.valid);
  add_counts(text, of.files, verbose);
  if (of.lacking_wal != 0)
    text += fmt::format("\n    WAL missing or invalid: {}", of.lacking_wal);
  if (!of.doubtful.empty())
    text += fmt::format("\n    may need blocks of: {}", fmt::join(of.doubtful, ", "));
}

void write_files(format::json_writer& to, std::string_view name, const verified_files& of) {
  to.member(name).begin_object();
  to.member("checksum-invalid").number(of.wrong_content);
  to.member("missing").number(of.missing);
  to.member("other").number(of.unreadable);
  to.member("size-invalid").number(of.wrong_size);
  to.member("total").number(of.total);
  to.member("valid").number(of.valid);
  to.end_object();
}

void write_gap(format::json_writer& to, const verified_gap& of) {
  to.begin_object().member("since").number(of.since_s);
  to.member("wal").begin_object().member("start").string(of.first);
  to.member("stop").string(of.last).end_object();
  to.end_object();
}

void write_backup(format::json_writer& to, const verified_backup& of) {
  to.begin_object();
  write_files(to, "file", of.files);
  to.member("label").string(of.label);
  to.member("needs-blocks-of").begin_array();
  for (const auto& label : of.doubtful)
    to.string(label);
  to.end_array();
  to.member("status").string(word_of(of.state));
  to.member("wal-lacking").number(of.lacking_wal);
  to.end_object();
}

} // namespace

bool verified_stanza::is_damaged() const {
  return !problems.empty() || std::ranges::any_of(archives, is_damaged_archive) ||
         std::ranges::any_of(backups, is_damaged_backup);
}

std::string verified_text(const verified_stanza& of, bool verbose) {
  auto text = fmt::format("stanza: {}\nstatus: {}", of.name, of.is_damaged() ? "error" : "ok");
  for (const auto& problem : of.problems)
    text += "\n  " + problem;
  if (!of.problems.empty())
    return text;
  for (const auto& gap : of.gaps)
    text += fmt::format("\n  gap since {}: {}/{}", local_time(gap.since_s), gap.first, gap.last);
  if (of.archives.empty() && of.backups.empty())
    return text + "\n    no archives or backups exist in the repo";
  if (verbose && of.archives.empty())
    text += "\n  archiveId: none found";
  for (const auto& archive : of.archives)
    add_archive(text, archive, verbose);
  if (verbose && of.backups.empty())
    text += "\n  backup: none found";
  for (const auto& backup : of.backups)
    add_backup(text, backup, verbose);
  return text;
}

std::string verified_json(const verified_stanza& of) {
  std::string text;
  format::json_writer to(text);
  to.begin_object().member("archive").begin_array();
  for (const auto& archive : of.archives) {
    to.begin_object().member("id").string(archive.id);
    to.member("known").boolean(archive.known);
    write_files(to, "wal", archive.wal);
    to.end_object();
  }
  to.end_array().member("backup").begin_array();
  for (const auto& backup : of.backups)
    write_backup(to, backup);
  to.end_array().member("gap").begin_array();
  for (const auto& gap : of.gaps)
    write_gap(to, gap);
  to.end_array().member("problem").begin_array();
  for (const auto& problem : of.problems)
    to.string(problem);
  to.end_array();
  to.member("stanza").string(of.name);
  to.member("status").string(of.is_damaged() ? "error" : "ok");
  to.end_object();
  return text + "\n";
}

} // namespace pgbraid::report
