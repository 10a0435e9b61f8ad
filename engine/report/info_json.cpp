// `info` for machines.
// Source of the shape: cli/command/README.md, section 9.
// SPDX-License-Identifier: MIT
#include "engine/base/printable.hpp"
#include "engine/format/json_writer.hpp"
#include "engine/report/info_stanza.hpp"

namespace pgbraid::report {

namespace {

using format::json_writer;

class json_report {
public:
  std::string write(const std::vector<info_stanza>& stanzas, info_level level) {
    to_.begin_array();
    for (const auto& of : stanzas)
      level == info_level::full ? stanza(of) : progress(of);
    to_.end_array();
    return std::move(text_);
  }

private:
  void stanza(const info_stanza& of);
  void progress(const info_stanza& of);
  void archive(const info_stanza& of);
  void journal(const info_journal& of);
  void archived(const info_archived& of);
  void backup(const info_repository& from, const format::backup_summary& of);
  void sizes(const format::backup_summary& of);
  void cipher(const info_stanza& of);
  void databases(const info_stanza& of);
  void repositories(const info_stanza& of);
  void status(const info_stanza& of);
  void lock(std::string_view name, const info_lock& of, bool by_repository);

  void place(uint64_t history_id, unsigned key) {
    to_.member("database").begin_object().member("id").number(history_id);
    to_.member("repo-key").number(uint64_t{key}).end_object();
  }
  void text_or_null(std::string_view name, const std::optional<std::string>& value) {
    to_.member(name);
    if (value)
      to_.string(*value);
    else
      to_.null();
  }
  void start_stop(std::string_view name, const std::optional<std::string>& start,
                  const std::optional<std::string>& stop) {
    to_.member(name).begin_object();
    text_or_null("start", start);
    text_or_null("stop", stop);
    to_.end_object();
  }
  void number_or_null(std::string_view name, const std::optional<uint64_t>& value) {
    to_.member(name);
    if (value)
      to_.number(*value);
    else
      to_.null();
  }
  void texts_or_null(std::string_view name, const std::vector<std::string>& values) {
    to_.member(name);
    if (values.empty()) {
      to_.null();
      return;
    }
    to_.begin_array();
    for (const auto& value : values)
      to_.string(value);
    to_.end_array();
  }
  void named_or_null(std::string_view name, const std::vector<info_detail::named>& values) {
    if (values.empty())
      to_.member(name).null();
    else
      named(name, values);
  }
  void named(std::string_view name, const std::vector<info_detail::named>& values) {
    to_.member(name).begin_array();
    for (const auto& value : values) {
      to_.begin_object();
      if (!value.destination.empty())
        to_.member("destination").string(value.destination);
      to_.member("name").string(value.name);
      if (value.oid != 0)
        to_.member("oid").number(value.oid);
      to_.end_object();
    }
    to_.end_array();
  }
  void code(info_code of) { to_.member("code").number(uint64_t{static_cast<uint8_t>(of)}); }

  std::string text_;
  json_writer to_{text_};
};

void json_report::progress(const info_stanza& of) {
  to_.begin_object().member("name").string(of.name);
  status(of);
  to_.end_object();
}

void json_report::stanza(const info_stanza& of) {
  to_.begin_object();
  archive(of);
  if (!of.journals.empty()) {
    to_.member("archive-journal").begin_array();
    for (const auto& one : of.journals)
      journal(one);
    to_.end_array();
  }
  if (of.any_is_behind()) {
    to_.member("archive-lag").begin_array();
    for (const auto& one : of.archived)
      archived(one);
    to_.end_array();
  }
  to_.member("backup").begin_array();
  for (const auto& [from, summary] : of.backups())
    backup(*from, *summary);
  to_.end_array();
  cipher(of);
  databases(of);
  to_.member("name").string(of.name);
  repositories(of);
  status(of);
  to_.end_object();
}

void json_report::archive(const info_stanza& of) {
  to_.member("archive").begin_array();
  for (const auto& repo : of.repositories) {
    for (const auto& wal : repo.wal) {
      to_.begin_object();
      place(wal.history_id, repo.key);
      to_.member("id").string(wal.archive_id);
      text_or_null("max", wal.max);
      text_or_null("min", wal.min);
      to_.end_object();
    }
  }
  to_.end_array();
}

void json_report::journal(const info_journal& of) {
  to_.begin_object();
  texts_or_null("aside", of.aside);
  to_.member("count").number(of.count);
  to_.member("gap").begin_array();
  for (const auto& gap : of.gaps) {
    to_.begin_object().member("since").number(gap.since_s);
    start_stop("wal", gap.first, gap.last);
    to_.end_object();
  }
  to_.end_array();
  to_.member("refused");
  if (of.refused) {
    to_.begin_object().member("message").string(of.refused->why);
    to_.member("next").number(of.refused->next_s);
    to_.member("since").number(of.refused->since_s).end_object();
  } else {
    to_.null();
  }
  to_.member("repo-key").number(uint64_t{of.key});
  to_.member("since");
  if (of.count > 0)
    to_.number(of.since_s);
  else
    to_.null();
  to_.member("size").number(of.size_bytes);
  if (of.count > 0)
    start_stop("wal", of.oldest, of.newest);
  else
    to_.member("wal").null();
  to_.end_object();
}

void json_report::archived(const info_archived& of) {
  const bool any = !of.last.empty();
  to_.begin_object().member("age");
  any ? to_.number(of.age_s) : to_.null();
  number_or_null("count", of.lag ? of.lag->segments : uint64_t{0});
  const auto& newest = of.lag ? of.lag->newest : of.last;
  text_or_null("newest", newest.empty() ? std::nullopt : std::optional(newest));
  to_.member("repo-key").number(uint64_t{of.key});
  number_or_null("size", of.lag ? of.lag->bytes : uint64_t{0});
  to_.member("stored");
  any ? to_.number(of.stored_s) : to_.null();
  to_.member("wal");
  any ? to_.string(of.last) : to_.null();
  to_.end_object();
}

void json_report::sizes(const format::backup_summary& of) {
  to_.member("info").begin_object().member("delta").number(of.size_delta_bytes);
  to_.member("repository").begin_object().member("delta").number(of.repo_size_delta_bytes);
  // What block incremental stores for a whole set cannot be told from the files.
  if (of.map_size_bytes) {
    to_.member("delta-map").number(of.map_size_delta_bytes.value_or(0));
    to_.member("size-map").number(*of.map_size_bytes);
  } else {
    to_.member("size").number(of.repo_size_bytes);
  }
  to_.end_object().member("size").number(of.size_bytes).end_object();
}

void json_report::backup(const info_repository& from, const format::backup_summary& of) {
  const auto& more = from.detail;
  to_.begin_object();
  if (!of.annotations.empty()) {
    to_.member("annotation").begin_object();
    for (const auto& [key, value] : of.annotations)
      to_.member(key).string(value);
    to_.end_object();
  }
  start_stop("archive", of.archive_start, of.archive_stop);
  to_.member("backrest").begin_object().member("format").number(of.format);
  to_.member("version").string(of.writer_version).end_object();
  place(of.history_id, from.key);
  if (more)
    named("database-ref", more->databases);
  if (of.page_errors)
    to_.member("error").boolean(*of.page_errors);
  if (more && !more->damaged_files.empty())
    texts_or_null("error-list", more->damaged_files);
  sizes(of);
  to_.member("label").string(of.label);
  if (more)
    named_or_null("link", more->links);
  if (of.lsn_start && of.lsn_stop)
    start_stop("lsn", of.lsn_start, of.lsn_stop);
  text_or_null("prior", of.prior);
  texts_or_null("reference", of.reference);
  if (more)
    named_or_null("tablespace", more->tablespaces);
  to_.member("timestamp").begin_object().member("start").number(of.start_s);
  to_.member("stop").number(of.stop_s).end_object();
  to_.member("type").string(format::backup_type_name(of.type)).end_object();
}

void json_report::cipher(const info_stanza& of) {
  std::string_view name = cipher_type_name(cipher_type::none);
  for (const auto& repo : of.repositories) {
    const bool same = repo.cipher == of.repositories.front().cipher;
    name = same ? cipher_type_name(repo.cipher) : "mixed";
    if (!same)
      break;
  }
  to_.member("cipher").string(name);
}

void json_report::databases(const info_stanza& of) {
  to_.member("db").begin_array();
  for (const auto& repo : of.repositories) {
    if (!repo.info)
      continue;
    for (const auto& cluster : repo.info->history) {
      to_.begin_object().member("id").number(cluster.id);
      to_.member("repo-key").number(uint64_t{repo.key});
      to_.member("system-id").number(cluster.system_id);
      to_.member("version").string(cluster.version).end_object();
    }
  }
  to_.end_array();
}

void json_report::repositories(const info_stanza& of) {
  to_.member("repo").begin_array();
  for (const auto& repo : of.repositories) {
    to_.begin_object().member("cipher").string(cipher_type_name(repo.cipher));
    to_.member("key").number(uint64_t{repo.key});
    to_.member("status").begin_object();
    code(repo.code);
    to_.member("message").string(repo.message.empty() ? info_message(repo.code)
                                                      : std::string_view(repo.message));
    to_.end_object().end_object();
  }
  to_.end_array();
}

void json_report::lock(std::string_view name, const info_lock& of, bool by_repository) {
  to_.member(name).begin_object().member("held").boolean(of.held);
  if (!of.repositories.empty()) {
    if (by_repository) {
      to_.member("repo").begin_array();
      for (const auto& one : of.repositories) {
        to_.begin_object().member("key").number(uint64_t{one.key});
        to_.member("size").number(one.size_bytes);
        to_.member("size-cplt").number(one.complete_bytes).end_object();
      }
      to_.end_array();
    }
    to_.member("size").number(of.size_bytes());
    to_.member("size-cplt").number(of.complete_bytes());
  }
  to_.end_object();
}

void json_report::status(const info_stanza& of) {
  to_.member("status").begin_object();
  code(of.code());
  to_.member("lock").begin_object();
  lock("backup", of.backup, true);
  lock("restore", of.restore, false);
  to_.end_object().member("message").string(info_message(of.code())).end_object();
}

} // namespace

std::string info_json(const std::vector<info_stanza>& stanzas, info_level level) {
  // Names and texts come from repositories that anybody may have written.
  return printable_json(json_report().write(stanzas, level));
}

} // namespace pgbraid::report
