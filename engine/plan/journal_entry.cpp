// Names in the journal of a repository.
// SPDX-License-Identifier: MIT
#include "engine/plan/journal_entry.hpp"

#include "engine/postgres/wal_name.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace pgbraid::plan {

namespace {

constexpr std::string_view aside_suffix = ".aside";
constexpr size_t checksum_digits = 40;

bool is_checksum(std::string_view text) {
  return text.size() == checksum_digits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

} // namespace

std::string journal_name(const journal_entry& of) {
  return of.wal + "-" + of.checksum + std::string(of.aside ? aside_suffix : "");
}

std::optional<journal_entry> parse_journal_name(std::string_view name) {
  journal_entry out;
  if (name.ends_with(aside_suffix)) {
    out.aside = true;
    name.remove_suffix(aside_suffix.size());
  }
  const auto dash = name.find('-');
  if (dash == name.npos)
    return std::nullopt;
  out.wal = name.substr(0, dash);
  out.checksum = name.substr(dash + 1);
  if (!postgres::is_archived_name(out.wal) || !is_checksum(out.checksum))
    return std::nullopt;
  return out;
}

void sort_journal(std::vector<journal_entry>& entries) {
  // Two contents of one name: the older one is the one that was archived first.
  const auto place = [](const journal_entry& one) {
    return std::tuple(!postgres::is_history_name(one.wal), std::string_view(one.wal), one.since_s,
                      std::string_view(one.checksum));
  };
  std::ranges::sort(entries, [&](const auto& a, const auto& b) { return place(a) < place(b); });
}

std::vector<journal_entry> outlived(const std::vector<journal_entry>& entries, int64_t now_s,
                                    int64_t max_age_s) {
  std::vector<journal_entry> out;
  std::ranges::copy_if(entries, std::back_inserter(out),
                       [&](const auto& one) { return now_s - one.since_s > max_age_s; });
  return out;
}

} // namespace pgbraid::plan
