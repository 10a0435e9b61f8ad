// `info` for people.
// Source of the shape: cli/command/README.md, section 9.
// SPDX-License-Identifier: MIT
#include "engine/base/printable.hpp"
#include "engine/base/units.hpp"
#include "engine/report/info_stanza.hpp"
#include "engine/report/local_time.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::report {

namespace {

std::string join(const std::vector<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// A cluster that backups or WAL of the stanza come from, the same one in all repositories.
struct cluster_group {
  uint64_t system_id;
  std::string version;
  bool current = false;
  std::optional<std::string> wal_min = {};
  std::optional<std::string> wal_max = {};
  std::vector<info_stanza::listed> backups = {};
};

class text_report {
public:
  text_report(info_level level, bool one_backup) : level_(level), one_backup_(one_backup) {}

  std::string write(const std::vector<info_stanza>& stanzas) {
    if (stanzas.empty())
      return "No stanzas exist in the repository.\n";
    for (const auto& of : stanzas) {
      if (!out_.empty())
        out_ += '\n';
      stanza(of);
    }
    return std::move(out_);
  }

private:
  template <class... Ts> void line(fmt::format_string<Ts...> text, Ts&&... values) {
    // Names and texts come from repositories that anybody may have written.
    out_ += printable_line(fmt::format(text, std::forward<Ts>(values)...));
    out_ += '\n';
  }
  void stanza(const info_stanza& of);
  void status(const info_stanza& of);
  void failure(const info_repository& of, unsigned indent);
  void cipher(const info_stanza& of);
  void archived(const info_stanza& of);
  void journal(const info_journal& of);
  void group(const cluster_group& of);
  void backup(const info_stanza::listed& of);
  void references(const format::backup_summary& of);
  void detail(const info_detail& of);
  void annotations(const format::backup_summary& of);

  info_level level_;
  bool one_backup_;
  std::string out_;
};

/// What is going on now: `backup/expire running - 65.27% complete, restore running`.
std::string running(const info_stanza& of) {
  std::vector<std::string> parts;
  const auto add = [&](const info_lock& lock, std::string_view what) {
    if (!lock.held)
      return;
    auto part = fmt::format("{} running", what);
    if (lock.size_bytes() > 0)
      part +=
          fmt::format(" - {:.2f}% complete", 100.0 * static_cast<double>(lock.complete_bytes()) /
                                                 static_cast<double>(lock.size_bytes()));
    parts.push_back(std::move(part));
  };
  add(of.backup, "backup/expire");
  add(of.restore, "restore");
  return join(parts);
}

std::string status_word(info_code code) {
  if (code == info_code::ok)
    return "ok";
  return fmt::format("error ({})", info_message(code));
}

/// A status and, in the same parentheses as an error, what is going on.
std::string status_now(const std::string& status, const std::string& running) {
  if (running.empty())
    return status;
  if (status.ends_with(')'))
    return status.substr(0, status.size() - 1) + ", " + running + ")";
  return status + " (" + running + ")";
}

/// The lines of a failure below a status line.
void text_report::failure(const info_repository& of, unsigned indent) {
  std::string_view rest = of.message;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    line("{:{}}{}", "", indent, rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
}

void text_report::status(const info_stanza& of) {
  constexpr unsigned single_indent = 12;
  constexpr unsigned several_indent = 15;
  const auto code = of.code();
  const bool several = of.repositories.size() > 1;
  if (level_ == info_level::progress)
    return line("    status: {}", status_now(status_word(code), running(of)));
  const bool mixed = code == info_code::different;
  line("    status: {}", status_now(mixed ? "mixed" : status_word(code), running(of)));
  const bool by_repository =
      several && (mixed || code == info_code::database_mismatch || code == info_code::other);
  for (const auto& repo : of.repositories) {
    if (by_repository)
      line("        repo{}: {}", repo.key, status_word(repo.code));
    failure(repo, by_repository ? several_indent : single_indent);
  }
}

void text_report::cipher(const info_stanza& of) {
  const bool known = std::any_of(of.repositories.begin(), of.repositories.end(), [](auto& repo) {
    return repo.code != info_code::missing_stanza_path;
  });
  if (!known)
    return;
  const auto first = of.repositories.front().cipher;
  const bool same = std::all_of(of.repositories.begin(), of.repositories.end(),
                                [&](const auto& repo) { return repo.cipher == first; });
  line("    cipher: {}", same ? cipher_type_name(first) : "mixed");
  if (same)
    return;
  for (const auto& repo : of.repositories)
    line("        repo{}: {}", repo.key, cipher_type_name(repo.cipher));
}

cluster_group& group_of(std::vector<cluster_group>& groups, const format::backup_history& of) {
  for (auto& group : groups) {
    if (group.system_id == of.system_id && group.version == of.version)
      return group;
  }
  return groups.emplace_back(cluster_group{of.system_id, of.version});
}

/// Clusters with something to show: prior ones first, the current one last.
std::vector<cluster_group> groups_of(const info_stanza& of, bool one_backup) {
  std::vector<cluster_group> groups;
  bool has_current = false;
  for (const auto& repo : of.repositories) {
    if (!repo.info)
      continue;
    for (const auto& cluster : repo.info->history)
      group_of(groups, cluster);
    if (!has_current)
      group_of(groups, repo.info->current()).current = true;
    has_current = true;
    for (const auto& wal : repo.wal) {
      const auto* cluster = repo.info->history_entry(wal.history_id);
      if (cluster == nullptr)
        continue;
      auto& group = group_of(groups, *cluster);
      if (wal.min && (!group.wal_min || *wal.min < *group.wal_min))
        group.wal_min = wal.min;
      if (wal.max && (!group.wal_max || *wal.max > *group.wal_max))
        group.wal_max = wal.max;
    }
  }
  for (const auto& listed : of.backups()) {
    if (const auto* cluster = listed.from->info->history_entry(listed.backup->history_id))
      group_of(groups, *cluster).backups.push_back(listed);
  }
  const bool any = std::ranges::any_of(groups, [](const auto& g) { return !g.backups.empty(); });
  std::erase_if(groups, [&](const auto& group) {
    return group.backups.empty() && ((one_backup && any) || (!group.current && !group.wal_min));
  });
  std::stable_partition(groups.begin(), groups.end(), [](const auto& g) { return !g.current; });
  // Of different clusters that have a backup of this label pgBackRest tells of the last one only.
  if (one_backup && any)
    groups.erase(groups.begin(), groups.end() - 1);
  return groups;
}

void text_report::stanza(const info_stanza& of) {
  line("stanza: {}", of.name);
  status(of);
  if (level_ == info_level::progress)
    return;
  cipher(of);
  for (const auto& group : groups_of(of, one_backup_))
    this->group(group);
  archived(of);
  if (of.journals.empty())
    return;
  out_ += '\n';
  line("    wal kept on this host");
  for (const auto& one : of.journals)
    journal(one);
}

/// Only where one is behind: then the others are told, too, since that is what it is compared with.
void text_report::archived(const info_stanza& of) {
  if (!of.any_is_behind())
    return;
  out_ += '\n';
  line("    wal archived so far");
  for (const auto& one : of.archived) {
    const auto where = one.last.empty()
                           ? "nothing"
                           : fmt::format("{}, stored {} ({} ago)", one.last,
                                         local_time(one.stored_s), format_age(one.age_s));
    line("        repo{}: {}{}", one.key, where, one.lag ? ", " + one.lag->words : "");
  }
}

void text_report::journal(const info_journal& of) {
  if (of.refused)
    line("        repo{}: takes no wal since {}, next try {}", of.key,
         local_time(of.refused->since_s), local_time(of.refused->next_s));
  if (of.count > 0)
    line("        repo{}: {} file(s) wait, {}, since {}: {}/{}", of.key, of.count,
         format_size(of.size_bytes), local_time(of.since_s), of.oldest, of.newest);
  for (const auto& gap : of.gaps)
    line("        repo{}: gap since {}: {}/{}", of.key, local_time(gap.since_s), gap.first,
         gap.last);
  if (!of.aside.empty())
    line("        repo{}: left aside: {}", of.key, join(of.aside));
}

void text_report::group(const cluster_group& of) {
  out_ += '\n';
  line("    db ({})", of.current ? "current" : "prior");
  if (of.wal_min && of.wal_max)
    line("        wal archive min/max ({}): {}/{}", of.version, *of.wal_min, *of.wal_max);
  else
    line("        wal archive min/max ({}): none present", of.version);
  for (const auto& listed : of.backups)
    backup(listed);
}

void text_report::backup(const info_stanza::listed& listed) {
  const auto& of = *listed.backup;
  out_ += '\n';
  line("        {} backup: {}", format::backup_type_name(of.type), of.label);
  line("            timestamp start/stop: {} / {}", local_time(of.start_s), local_time(of.stop_s));
  if (of.archive_start && of.archive_stop)
    line("            wal start/stop: {} / {}", *of.archive_start, *of.archive_stop);
  else
    line("            wal start/stop: n/a");
  if (one_backup_ && of.lsn_start && of.lsn_stop)
    line("            lsn start/stop: {} / {}", *of.lsn_start, *of.lsn_stop);
  line("            database size: {}, database backup size: {}", format_size(of.size_bytes),
       format_size(of.size_delta_bytes));
  const auto set_size = of.map_size_bytes
                            ? ""
                            : fmt::format("backup set size: {}, ", format_size(of.repo_size_bytes));
  line("            repo{}: {}backup size: {}", listed.from->key, set_size,
       format_size(of.repo_size_delta_bytes));
  references(of);
  const auto& more = listed.from->detail;
  if (more)
    detail(*more);
  if (of.page_errors.value_or(false) && (!more || more->damaged_files.empty()))
    line("            error(s) detected during backup");
  if (one_backup_)
    annotations(of);
}

void text_report::references(const format::backup_summary& of) {
  if (of.reference.empty())
    return;
  if (one_backup_) {
    line("            backup reference list: {}", join(of.reference));
    return;
  }
  std::vector<std::string> totals;
  for (auto type :
       {format::backup_type::full, format::backup_type::diff, format::backup_type::incr}) {
    const auto count = std::count_if(of.reference.begin(), of.reference.end(), [&](auto& label) {
      return format::type_of_label(label) == type;
    });
    if (count > 0)
      totals.push_back(fmt::format("{} {}", count, format::backup_type_name(type)));
  }
  line("            backup reference total: {}", join(totals));
}

void text_report::detail(const info_detail& of) {
  std::vector<std::string> databases;
  for (const auto& database : of.databases)
    databases.push_back(fmt::format("{} ({})", database.name, database.oid));
  line("            database list: {}", databases.empty() ? "none" : join(databases));
  if (!of.links.empty())
    line("            symlinks:");
  for (const auto& link : of.links)
    line("                {} => {}", link.name, link.destination);
  if (!of.tablespaces.empty())
    line("            tablespaces:");
  for (const auto& tablespace : of.tablespaces)
    line("                {} ({}) => {}", tablespace.name, tablespace.oid, tablespace.destination);
  if (!of.damaged_files.empty())
    line("            error list: {}", join(of.damaged_files));
}

void text_report::annotations(const format::backup_summary& of) {
  if (of.annotations.empty())
    return;
  line("            annotation(s)");
  for (const auto& [key, value] : of.annotations)
    line("                {}: {}", key, value);
}

} // namespace

std::string info_text(const std::vector<info_stanza>& stanzas, info_level level, bool one_backup) {
  return text_report(level, one_backup).write(stanzas);
}

} // namespace pgbraid::report
