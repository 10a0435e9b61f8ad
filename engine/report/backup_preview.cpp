// Lines, sums and JSON of a backup that was not made.
// SPDX-License-Identifier: MIT
#include "engine/report/backup_preview.hpp"

#include "engine/base/enum_words.hpp"
#include "engine/base/printable.hpp"
#include "engine/base/units.hpp"
#include "engine/format/json_writer.hpp"

#include <fmt/format.h>

#include <array>

namespace pgbraid::report {

namespace {

constexpr auto words = words_of<backup_action>("compare", "copy", "keep", "record", "refer");

struct sum {
  uint64_t count = 0;
  uint64_t bytes = 0;
};

std::array<sum, words.size()> sums_of(const backup_preview& of) {
  std::array<sum, words.size()> out{};
  for (const auto& one : of.entries) {
    auto& all = out[static_cast<size_t>(one.action)];
    ++all.count;
    all.bytes += one.bytes;
  }
  return out;
}

} // namespace

std::string preview_text(const backup_preview& of) {
  std::string out;
  for (const auto& one : of.entries) {
    out += fmt::format("{:7} {} ({}, {})", word_for(words, one.action),
                       printable_line(std::string(one.name)), one.why, format_size(one.bytes));
    const auto* const to = one.action == backup_action::refer ? "to" : "of";
    out += one.from.empty() ? "\n" : fmt::format(" {} {}\n", to, one.from);
  }
  out += fmt::format("{} backup{}{}:\n", of.type, of.prior.empty() ? "" : " on " + of.prior,
                     of.delta ? ", by contents (delta)" : "");
  const auto sums = sums_of(of);
  for (size_t i = 0; i < words.size(); ++i)
    out += fmt::format("  {:7} {} file(s), {} ({} bytes)\n", words[i], sums[i].count,
                       format_size(sums[i].bytes), sums[i].bytes);
  return out + "nothing was changed\n";
}

std::string preview_json(const backup_preview& of) {
  std::string text;
  format::json_writer to(text);
  to.begin_object().member("delta").boolean(of.delta);
  to.member("entry").begin_array();
  for (const auto& one : of.entries) {
    to.begin_object().member("action").string(word_for(words, one.action));
    to.member("bytes").number(one.bytes);
    if (!one.from.empty())
      to.member("from").string(one.from);
    to.member("name").string(one.name);
    to.member("why").string(one.why).end_object();
  }
  to.end_array();
  if (!of.prior.empty())
    to.member("prior").string(of.prior);
  to.member("total").begin_object();
  const auto sums = sums_of(of);
  for (size_t i = 0; i < words.size(); ++i) {
    to.member(words[i]).begin_object().member("bytes").number(sums[i].bytes);
    to.member("count").number(sums[i].count).end_object();
  }
  to.end_object().member("type").string(of.type).end_object();
  return printable_json(text) + "\n";
}

} // namespace pgbraid::report
