// The libpq session.
// SPDX-License-Identifier: MIT
#include "engine/pg/libpq_session.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/pg/libpq_connection.hpp"
#include "engine/pg/pg_archiver.hpp"
#include "engine/pg/pg_limits.hpp"
#include "engine/pg/pg_sql.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <memory>
#include <span>
#include <utility>

namespace pgbraid::pg {

namespace {

using row = std::vector<std::optional<std::string>>;
using rows = std::vector<row>;

rows rows_of(const PGresult* held) {
  rows all(static_cast<size_t>(PQntuples(held)));
  for (int i = 0; i < PQntuples(held); ++i) {
    for (int j = 0; j < PQnfields(held); ++j) {
      auto& cell = all[static_cast<size_t>(i)].emplace_back();
      if (PQgetisnull(held, i, j) == 0)
        cell.emplace(PQgetvalue(held, i, j), static_cast<size_t>(PQgetlength(held, i, j)));
    }
  }
  return all;
}

template <class T> result<T> number(const std::optional<std::string>& cell) {
  T value{};
  if (cell) {
    const auto* end = cell->data() + cell->size();
    const auto [stopped, failed] = std::from_chars(cell->data(), end, value);
    if (failed == std::errc{} && stopped == end)
      return value;
  }
  return error{errc::db_query, fmt::format("server returned '{}' where a number is expected",
                                           cell.value_or("null"))};
}

result<uint64_t> location(const std::optional<std::string>& cell) {
  uint32_t high = 0;
  uint32_t low = 0;
  if (cell) {
    const auto* end = cell->data() + cell->size();
    const auto first = std::from_chars(cell->data(), end, high, 16);
    if (first.ec == std::errc{} && first.ptr != end && *first.ptr == '/') {
      const auto second = std::from_chars(first.ptr + 1, end, low, 16);
      if (second.ec == std::errc{} && second.ptr == end)
        return uint64_t{high} << 32 | low;
    }
  }
  return error{errc::db_query, fmt::format("server returned '{}' where a location is expected",
                                           cell.value_or("null"))};
}

/// Owns the connection and runs queries with a deadline.
class libpq_session final : public pg_session {
public:
  libpq_session(connection_ptr connection, std::chrono::milliseconds timeout,
                const std::atomic<bool>* give_up)
      : connection_(std::move(connection)), timeout_(timeout), give_up_(give_up) {
    PQsetNoticeReceiver(raw(), note_farewell, this);
  }

  result<void> set_up(std::string_view application_name);

  const pg_server_info& server() const override { return info_; }
  result<bool> is_in_recovery() override;
  result<int64_t> clock_ms() override;
  result<std::string> current_segment() override;
  result<pg_backup_start> start_backup(bool fast) override;
  result<pg_backup_stop> stop_backup() override;
  result<void> create_restore_point(std::string_view name) override;
  result<std::string> switch_segment() override;
  result<void> checkpoint() override;
  result<std::optional<uint64_t>> replay_location() override;
  result<std::vector<pg_database>> databases() override;
  result<std::vector<pg_tablespace>> tablespaces() override;
  result<pg_archiver> archiver();
  int socket() const override;
  bool is_broken() override;

private:
  /// All rows; every row has `columns` cells.
  result<rows> query(std::string_view sql, size_t columns, std::span<const std::string> args = {});
  /// The one row of a query that has exactly one.
  result<row> one(std::string_view sql, size_t columns, std::span<const std::string> args = {});
  result<void> command(const std::string& sql);
  result<void> send(const std::string& sql, std::span<const std::string> args,
                    const patience& waiting);
  result<result_ptr> receive(const std::string& sql, const patience& waiting);
  /// @param before  what the server said of the query so far; null: nothing
  result<bool> wait_readable(const std::string& sql, const patience& waiting,
                             const PGresult* before);
  error failed(const std::string& sql, std::string_view why, const PGresult* from = nullptr) const;
  /// Notices go nowhere, but a server that ends a session says why in what looks like one.
  static void note_farewell(void* session, const PGresult* notice);
  error timed_out(const std::string& sql);
  result<void> read_settings();

  PGconn* raw() const { return connection_.get(); }

  connection_ptr connection_;
  std::chrono::milliseconds timeout_;
  const std::atomic<bool>* give_up_;
  pg_server_info info_;
  /// Message and SQLSTATE of the server's last word, if it had one.
  std::string farewell_ = {};
  std::string farewell_state_ = {};
};

std::string field(const PGresult* of, int code) {
  const char* text = of == nullptr ? nullptr : PQresultErrorField(of, code);
  return text == nullptr ? std::string() : std::string(text);
}

void libpq_session::note_farewell(void* session, const PGresult* notice) {
  auto& self = *static_cast<libpq_session*>(session);
  const auto severity = field(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity != "FATAL" && severity != "PANIC")
    return;
  self.farewell_ = severity + ":  " + field(notice, PG_DIAG_MESSAGE_PRIMARY);
  self.farewell_state_ = field(notice, PG_DIAG_SQLSTATE);
}

error libpq_session::failed(const std::string& sql, std::string_view why,
                            const PGresult* from) const {
  const bool ended = !farewell_.empty();
  const auto state = ended ? farewell_state_ : field(from, PG_DIAG_SQLSTATE);
  return {errc::db_query,
          fmt::format("unable to execute query '{}': {}", sql, ended ? farewell_ : why),
          std::string(limit_hint(state))};
}

error libpq_session::timed_out(const std::string& sql) {
  if (auto* cancel = PQgetCancel(raw()); cancel != nullptr) {
    std::array<char, 256> why{};
    // Whether the server obeys does not matter: the session is not used again.
    PQcancel(cancel, why.data(), static_cast<int>(why.size()));
    PQfreeCancel(cancel);
  }
  return {errc::db_query, fmt::format("query '{}' timed out after {}ms", sql, timeout_.count())};
}

result<void> libpq_session::send(const std::string& sql, std::span<const std::string> args,
                                 const patience& waiting) {
  std::vector<const char*> values;
  for (const auto& arg : args)
    values.push_back(arg.c_str());
  if (PQsendQueryParams(raw(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                        nullptr, nullptr, 0) == 0)
    return failed(sql, trimmed(PQerrorMessage(raw())));
  for (;;) {
    const int left = PQflush(raw());
    if (left == 0)
      return success();
    if (left < 0)
      return failed(sql, trimmed(PQerrorMessage(raw())));
    if (!waiting.wait(PQsocket(raw()), POLLOUT))
      return timed_out(sql);
  }
}

result<bool> libpq_session::wait_readable(const std::string& sql, const patience& waiting,
                                          const PGresult* before) {
  while (PQisBusy(raw()) != 0) {
    if (!waiting.wait(PQsocket(raw()), POLLIN))
      return timed_out(sql);
    if (PQconsumeInput(raw()) == 0)
      return failed(sql, trimmed(PQerrorMessage(raw())), before);
  }
  return true;
}

result<result_ptr> libpq_session::receive(const std::string& sql, const patience& waiting) {
  result_ptr last;
  for (;;) {
    if (auto ready = wait_readable(sql, waiting, last.get()); !ready)
      return ready.failure();
    result_ptr next(PQgetResult(raw()));
    if (!next)
      break;
    const auto status = PQresultStatus(next.get());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
      return failed(sql, "server began to copy");
    last = std::move(next);
  }
  if (!last)
    return failed(sql, "server sent no result");
  const auto status = PQresultStatus(last.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    return failed(sql, trimmed(PQresultErrorMessage(last.get())), last.get());
  return last;
}

result<rows> libpq_session::query(std::string_view sql, size_t columns,
                                  std::span<const std::string> args) {
  const std::string text(sql);
  const patience waiting(timeout_, give_up_);
  if (auto sent = send(text, args, waiting); !sent)
    return sent.failure();
  auto held = receive(text, waiting);
  if (!held)
    return held.failure();
  if (static_cast<size_t>(PQnfields(held->get())) != columns)
    return failed(text, "server sent another number of columns");
  return rows_of(held->get());
}

result<row> libpq_session::one(std::string_view sql, size_t columns,
                               std::span<const std::string> args) {
  auto all = query(sql, columns, args);
  if (!all)
    return all.failure();
  if (all->size() != 1)
    return failed(std::string(sql), fmt::format("expected one row but got {}", all->size()));
  return std::move(all->front());
}

result<void> libpq_session::command(const std::string& sql) {
  if (auto done = query(sql, 0); !done)
    return done.failure();
  return success();
}

result<bool> libpq_session::is_in_recovery() {
  auto got = one(sql::in_recovery(), 1);
  if (!got)
    return got.failure();
  return got->front() == "t";
}

result<void> libpq_session::read_settings() {
  auto got = one(sql::server_settings(), 9);
  if (!got)
    return got.failure();
  for (const auto& cell : *got) {
    if (!cell) {
      return error{errc::db_query, "unable to select some settings of PostgreSQL from pg_settings",
                   "Is the user a member of pg_read_all_settings?\nIs the data directory of the "
                   "cluster configured?"};
    }
  }
  auto version = number<uint32_t>((*got)[0]);
  auto checkpoint = number<int64_t>((*got)[4]);
  auto segment = number<uint64_t>((*got)[5]);
  if (!version || !checkpoint || !segment)
    return (!version ? version.failure() : !checkpoint ? checkpoint.failure() : segment.failure());
  info_.version_num = *version;
  info_.data_directory = *(*got)[1];
  info_.archive_mode = *(*got)[2];
  info_.archive_command = *(*got)[3];
  info_.checkpoint_timeout = std::chrono::seconds(*checkpoint);
  info_.wal_segment_bytes = *segment;
  info_.archive_library = *(*got)[6];
  info_.archive_module_stanza = *(*got)[7];
  info_.archive_module_config = *(*got)[8];
  return success();
}

result<void> libpq_session::set_up(std::string_view application_name) {
  const std::array<std::string, 2> name{"application_name", std::string(application_name)};
  for (const auto limit : first_limits_off())
    if (auto off = command(std::string(limit)); !off)
      return off;
  // The search path comes first, so that nobody's objects stand in for the ones that we name.
  for (const auto* setting : {"set search_path = 'pg_catalog'", "set client_encoding = 'UTF8'"}) {
    if (auto set = command(setting); !set)
      return set;
  }
  if (auto read = read_settings(); !read)
    return read;
  for (const auto limit : later_limits_off(info_.version_num))
    if (auto off = command(std::string(limit)); !off)
      return off;
  if (auto named = one("select set_config($1, $2, false)", 1, name); !named)
    return named.failure();
  if (auto set = command("set max_parallel_workers_per_gather = 0"); !set)
    return set;
  auto recovery = is_in_recovery();
  if (!recovery)
    return recovery.failure();
  info_.in_recovery = *recovery;
  return success();
}

result<int64_t> libpq_session::clock_ms() {
  auto got = one(sql::clock(), 1);
  if (!got)
    return got.failure();
  return number<int64_t>(got->front());
}

result<std::string> libpq_session::current_segment() {
  auto got = one(sql::current_segment(server().version_num), 1);
  if (!got)
    return got.failure();
  return got->front().value_or("");
}

result<pg_backup_start> libpq_session::start_backup(bool fast) {
  const std::array<std::string, 1> args{fast ? "true" : "false"};
  auto got = one(sql::start_backup(server().version_num), 2, args);
  if (!got)
    return got.failure();
  auto lsn = location((*got)[0]);
  if (!lsn)
    return lsn.failure();
  return pg_backup_start{*lsn, (*got)[1].value_or("")};
}

result<pg_backup_stop> libpq_session::stop_backup() {
  auto got = one(sql::stop_backup(server().version_num), 4);
  if (!got)
    return got.failure();
  auto lsn = location((*got)[0]);
  if (!lsn)
    return lsn.failure();
  return pg_backup_stop{*lsn, (*got)[1].value_or(""), (*got)[2].value_or(""),
                        (*got)[3].value_or("")};
}

result<void> libpq_session::create_restore_point(std::string_view name) {
  const std::array<std::string, 1> args{std::string(name)};
  if (auto got = one(sql::restore_point(), 1, args); !got)
    return got.failure();
  return success();
}

result<std::string> libpq_session::switch_segment() {
  auto got = one(sql::switch_segment(server().version_num), 1);
  if (!got)
    return got.failure();
  return got->front().value_or("");
}

result<void> libpq_session::checkpoint() {
  return command("checkpoint");
}

result<std::optional<uint64_t>> libpq_session::replay_location() {
  auto got = one(sql::replay_location(server().version_num), 1);
  if (!got)
    return got.failure();
  if (!got->front())
    return std::optional<uint64_t>{};
  auto lsn = location(got->front());
  if (!lsn)
    return lsn.failure();
  return std::optional<uint64_t>(*lsn);
}

result<pg_archiver> libpq_session::archiver() {
  auto got = one(sql::archiver(), 5);
  if (!got)
    return got.failure();
  auto archived = number<uint64_t>((*got)[0]);
  auto failed = number<uint64_t>((*got)[1]);
  if (!archived || !failed)
    return archived ? failed.failure() : archived.failure();
  return pg_archiver{*archived, *failed, (*got)[2].value_or(""), (*got)[3].value_or(""),
                     (*got)[4] == "t"};
}

result<std::vector<pg_database>> libpq_session::databases() {
  auto got = query(sql::databases(), 3);
  if (!got)
    return got.failure();
  std::vector<pg_database> all;
  for (const auto& one : *got) {
    auto oid = number<uint32_t>(one[1]);
    if (!oid)
      return oid.failure();
    auto tablespace = number<uint32_t>(one[2]);
    if (!tablespace)
      return tablespace.failure();
    all.push_back({one[0].value_or(""), *oid, *tablespace});
  }
  return all;
}

result<std::vector<pg_tablespace>> libpq_session::tablespaces() {
  auto got = query(sql::tablespaces(), 2);
  if (!got)
    return got.failure();
  std::vector<pg_tablespace> all;
  for (const auto& one : *got) {
    auto oid = number<uint32_t>(one[0]);
    if (!oid)
      return oid.failure();
    all.push_back({*oid, one[1].value_or("")});
  }
  return all;
}

int libpq_session::socket() const {
  return PQsocket(raw());
}

bool libpq_session::is_broken() {
  const bool read = PQconsumeInput(raw()) != 0;
  // This is what takes up a server's last words; without it they stay unread.
  while (auto* notification = PQnotifies(raw()))
    PQfreemem(notification);
  return !read || PQstatus(raw()) != CONNECTION_OK;
}

} // namespace

result<pg_archiver> ask_archiver(pg_session& over) {
  if (auto* session = dynamic_cast<libpq_session*>(&over); session != nullptr)
    return session->archiver();
  return error{errc::feature_not_supported, "the archiver of another host cannot be asked"};
}

result<std::unique_ptr<pg_session>> connect_libpq(const pg_address& address,
                                                  std::chrono::milliseconds timeout,
                                                  std::string_view application_name,
                                                  const std::atomic<bool>* give_up) {
  auto connection = open_connection(address, timeout, give_up);
  if (!connection)
    return connection.failure();
  auto opened = std::make_unique<libpq_session>(std::move(*connection), timeout, give_up);
  if (auto ready = opened->set_up(application_name); !ready)
    return ready.failure();
  return std::unique_ptr<pg_session>(std::move(opened));
}

} // namespace pgbraid::pg
