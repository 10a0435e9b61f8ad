// Lines, sums and JSON of a restore that was not done.
// SPDX-License-Identifier: MIT
#include "engine/report/restore_preview.hpp"

#include "engine/base/printable.hpp"
#include "engine/base/units.hpp"
#include "engine/format/json_writer.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <string_view>

namespace pgbraid::report {

namespace {

constexpr auto all_actions = std::to_array<restore_action>(
    {restore_action::restore, restore_action::keep, restore_action::zero, restore_action::remove});

std::string_view word_of(restore_action action) {
  switch (action) {
  case restore_action::restore:
    return "restore";
  case restore_action::keep:
    return "keep";
  case restore_action::zero:
    return "zero";
  case restore_action::remove:
    break;
  }
  return "remove";
}

struct sum {
  uint64_t count = 0;
  uint64_t bytes = 0;
  void add(uint64_t more_bytes) {
    ++count;
    bytes += more_bytes;
  }
};

struct sums {
  std::map<restore_action, sum> by_action = {};
  std::map<std::string, sum> by_backup = {}; ///< of what is restored

  explicit sums(const restore_preview& of) {
    for (const auto& one : of.entries) {
      by_action[one.action].add(one.bytes);
      if (one.action == restore_action::restore && !one.from.empty())
        by_backup[one.from].add(one.bytes);
    }
  }
};

} // namespace

std::string preview_text(const restore_preview& of) {
  std::string out;
  for (const auto& one : of.entries) {
    out += fmt::format("{:7} {}", word_of(one.action), printable_line(one.path));
    if (one.action != restore_action::remove)
      out += fmt::format(" ({})", format_size(one.bytes));
    out += one.from.empty() ? "\n" : fmt::format(" from {}\n", one.from);
  }
  const sums all(of);
  out += fmt::format("backup {} of repo{} to '{}':\n", of.backup, of.repo_key,
                     printable_line(of.pg_path));
  for (const auto action : all_actions) {
    const auto found = all.by_action.find(action);
    const auto of_it = found == all.by_action.end() ? sum{} : found->second;
    out += fmt::format("  {:7} {} {}", word_of(action), of_it.count,
                       action == restore_action::remove ? "name(s)" : "file(s)");
    out += action == restore_action::remove
               ? "\n"
               : fmt::format(", {} ({} bytes)\n", format_size(of_it.bytes), of_it.bytes);
  }
  for (const auto& [label, of_it] : all.by_backup)
    out += fmt::format("  from {}: {} file(s), {} ({} bytes)\n", label, of_it.count,
                       format_size(of_it.bytes), of_it.bytes);
  return out + "nothing was changed\n";
}

std::string preview_json(const restore_preview& of) {
  std::string text;
  format::json_writer to(text);
  const auto figures = [&to](const sum& one) {
    to.begin_object().member("bytes").number(one.bytes);
    to.member("count").number(one.count).end_object();
  };
  const sums all(of);
  to.begin_object().member("backup").string(of.backup);
  to.member("entry").begin_array();
  for (const auto& one : of.entries) {
    to.begin_object().member("action").string(word_of(one.action));
    to.member("bytes").number(one.bytes);
    if (!one.from.empty())
      to.member("from").string(one.from);
    to.member("path").string(one.path).end_object();
  }
  to.end_array();
  to.member("from").begin_object();
  for (const auto& [label, one] : all.by_backup) {
    to.member(label);
    figures(one);
  }
  to.end_object();
  to.member("pg-path").string(of.pg_path);
  to.member("repo-key").number(uint64_t{of.repo_key});
  to.member("total").begin_object();
  for (const auto action : all_actions) {
    to.member(word_of(action));
    const auto found = all.by_action.find(action);
    figures(found == all.by_action.end() ? sum{} : found->second);
  }
  to.end_object().end_object();
  return printable_json(text) + "\n";
}

} // namespace pgbraid::report
