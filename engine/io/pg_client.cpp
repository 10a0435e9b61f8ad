// The libpq client.
// SPDX-License-Identifier: MIT
#include "engine/io/pg_client.hpp"

#include "engine/io/pg_sql.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <utility>

namespace pgbraid::io {

namespace {

using steady = std::chrono::steady_clock;
using row = std::vector<std::optional<std::string>>;
using rows = std::vector<row>;

struct free_connection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct free_result {
  void operator()(PGresult* held) const { PQclear(held); }
};
using connection_ptr = std::unique_ptr<PGconn, free_connection>;
using result_ptr = std::unique_ptr<PGresult, free_result>;

std::string trimmed(const char* text) {
  std::string_view view = text == nullptr ? "" : text;
  while (!view.empty() && (view.back() == '\n' || view.back() == ' '))
    view.remove_suffix(1);
  return std::string(view);
}

/// Waits until the socket is ready; false at the deadline.
bool wait_socket(int fd, short events, steady::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady::now()).count();
    if (left <= 0)
      return false;
    pollfd waited{fd, events, 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(std::min<int64_t>(left, 3600'000)));
    if (ready > 0)
      return true;
    if (ready < 0 && errno != EINTR)
      return true; // libpq finds out what is wrong
  }
}

/// The connection string as messages show it; there are no secrets in an address.
std::string describe(const pg_address& address) {
  auto text = fmt::format("dbname='{}' port={}", address.database, address.port);
  if (address.user)
    text += fmt::format(" user='{}'", *address.user);
  if (address.host)
    text += fmt::format(" host='{}'", *address.host);
  return text;
}

connection_ptr start_connecting(const pg_address& address) {
  const auto port = std::to_string(address.port);
  std::vector<const char*> names{"dbname", "port"};
  std::vector<const char*> values{address.database.c_str(), port.c_str()};
  if (address.user) {
    names.push_back("user");
    values.push_back(address.user->c_str());
  }
  if (address.host) {
    names.push_back("host");
    values.push_back(address.host->c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return connection_ptr(PQconnectStartParams(names.data(), values.data(), 0));
}

result<connection_ptr> open_connection(const pg_address& address,
                                       std::chrono::milliseconds timeout) {
  const auto failed = [&](const std::string& why) {
    return error{errc::db_connect,
                 fmt::format("unable to connect to '{}': {}", describe(address), why)};
  };
  const auto deadline = steady::now() + timeout;
  auto connection = start_connecting(address);
  if (!connection)
    return error{errc::memory, "no memory for a connection"};
  auto state = PGRES_POLLING_WRITING;
  while (PQstatus(connection.get()) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!wait_socket(PQsocket(connection.get()), events, deadline))
      return failed(fmt::format("timed out after {}ms", timeout.count()));
    state = PQconnectPoll(connection.get());
    if (state == PGRES_POLLING_FAILED)
      break;
  }
  if (PQstatus(connection.get()) != CONNECTION_OK)
    return failed(trimmed(PQerrorMessage(connection.get())));
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  return connection;
}

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

} // namespace

/// Owns the connection and runs queries with a deadline.
class pg_client::session {
public:
  session(connection_ptr connection, std::chrono::milliseconds timeout)
      : connection_(std::move(connection)), timeout_(timeout) {}

  /// All rows; every row has `columns` cells.
  result<rows> query(std::string_view sql, size_t columns, std::span<const std::string> args = {});
  /// The one row of a query that has exactly one.
  result<row> one(std::string_view sql, size_t columns, std::span<const std::string> args = {});
  result<void> command(const std::string& sql);
  result<void> set_up(std::string_view application_name);
  result<bool> ask_recovery();

  PGconn* raw() const { return connection_.get(); }
  pg_server_info info;

private:
  result<void> send(const std::string& sql, std::span<const std::string> args,
                    steady::time_point deadline);
  result<result_ptr> receive(const std::string& sql, steady::time_point deadline);
  result<bool> wait_readable(const std::string& sql, steady::time_point deadline);
  error failed(const std::string& sql, std::string_view why) const;
  error timed_out(const std::string& sql);
  result<void> read_settings();

  connection_ptr connection_;
  std::chrono::milliseconds timeout_;
};

error pg_client::session::failed(const std::string& sql, std::string_view why) const {
  return {errc::db_query, fmt::format("unable to execute query '{}': {}", sql, why)};
}

error pg_client::session::timed_out(const std::string& sql) {
  if (auto* cancel = PQgetCancel(raw()); cancel != nullptr) {
    std::array<char, 256> why{};
    // Whether the server obeys does not matter: the session is not used again.
    PQcancel(cancel, why.data(), static_cast<int>(why.size()));
    PQfreeCancel(cancel);
  }
  return {errc::db_query, fmt::format("query '{}' timed out after {}ms", sql, timeout_.count())};
}

result<void> pg_client::session::send(const std::string& sql, std::span<const std::string> args,
                                      steady::time_point deadline) {
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
    if (!wait_socket(PQsocket(raw()), POLLOUT, deadline))
      return timed_out(sql);
  }
}

result<bool> pg_client::session::wait_readable(const std::string& sql,
                                               steady::time_point deadline) {
  while (PQisBusy(raw()) != 0) {
    if (!wait_socket(PQsocket(raw()), POLLIN, deadline))
      return timed_out(sql);
    if (PQconsumeInput(raw()) == 0)
      return failed(sql, trimmed(PQerrorMessage(raw())));
  }
  return true;
}

result<result_ptr> pg_client::session::receive(const std::string& sql,
                                               steady::time_point deadline) {
  result_ptr last;
  for (;;) {
    if (auto ready = wait_readable(sql, deadline); !ready)
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
    return failed(sql, trimmed(PQresultErrorMessage(last.get())));
  return last;
}

result<rows> pg_client::session::query(std::string_view sql, size_t columns,
                                       std::span<const std::string> args) {
  const std::string text(sql);
  const auto deadline = steady::now() + timeout_;
  if (auto sent = send(text, args, deadline); !sent)
    return sent.failure();
  auto held = receive(text, deadline);
  if (!held)
    return held.failure();
  if (static_cast<size_t>(PQnfields(held->get())) != columns)
    return failed(text, "server sent another number of columns");
  return rows_of(held->get());
}

result<row> pg_client::session::one(std::string_view sql, size_t columns,
                                    std::span<const std::string> args) {
  auto all = query(sql, columns, args);
  if (!all)
    return all.failure();
  if (all->size() != 1)
    return failed(std::string(sql), fmt::format("expected one row but got {}", all->size()));
  return std::move(all->front());
}

result<void> pg_client::session::command(const std::string& sql) {
  if (auto done = query(sql, 0); !done)
    return done.failure();
  return success();
}

result<bool> pg_client::session::ask_recovery() {
  auto got = one(sql::in_recovery(), 1);
  if (!got)
    return got.failure();
  return got->front() == "t";
}

result<void> pg_client::session::read_settings() {
  auto got = one(sql::server_settings(), 6);
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
  info.version_num = *version;
  info.data_directory = *(*got)[1];
  info.archive_mode = *(*got)[2];
  info.archive_command = *(*got)[3];
  info.checkpoint_timeout = std::chrono::seconds(*checkpoint);
  info.wal_segment_bytes = *segment;
  return success();
}

result<void> pg_client::session::set_up(std::string_view application_name) {
  const std::array<std::string, 2> name{"application_name", std::string(application_name)};
  // The search path comes first, so that nobody's objects stand in for the ones that we name.
  for (const auto* setting : {"set search_path = 'pg_catalog'", "set client_encoding = 'UTF8'"}) {
    if (auto set = command(setting); !set)
      return set;
  }
  if (auto read = read_settings(); !read)
    return read;
  if (auto named = one("select set_config($1, $2, false)", 1, name); !named)
    return named.failure();
  if (auto set = command("set max_parallel_workers_per_gather = 0"); !set)
    return set;
  auto recovery = ask_recovery();
  if (!recovery)
    return recovery.failure();
  info.in_recovery = *recovery;
  return success();
}

uint32_t pg_server_info::major_version() const {
  const uint32_t minor_digits = version_num >= 100000 ? 10000 : 100;
  return version_num / minor_digits * minor_digits;
}

pg_client::pg_client(std::unique_ptr<session> opened) : session_(std::move(opened)) {}
pg_client::pg_client(pg_client&&) noexcept = default;
pg_client& pg_client::operator=(pg_client&&) noexcept = default;
pg_client::~pg_client() = default;

result<pg_client> pg_client::connect(const pg_address& address, std::chrono::milliseconds timeout,
                                     std::string_view application_name) {
  auto connection = open_connection(address, timeout);
  if (!connection)
    return connection.failure();
  auto opened = std::make_unique<session>(std::move(*connection), timeout);
  if (auto ready = opened->set_up(application_name); !ready)
    return ready.failure();
  return pg_client(std::move(opened));
}

const pg_server_info& pg_client::server() const {
  return session_->info;
}

result<bool> pg_client::is_in_recovery() {
  return session_->ask_recovery();
}

result<int64_t> pg_client::clock_ms() {
  auto got = session_->one(sql::clock(), 1);
  if (!got)
    return got.failure();
  return number<int64_t>(got->front());
}

result<std::string> pg_client::current_segment() {
  auto got = session_->one(sql::current_segment(server().version_num), 1);
  if (!got)
    return got.failure();
  return got->front().value_or("");
}

result<pg_backup_start> pg_client::start_backup(bool fast) {
  const std::array<std::string, 1> args{fast ? "true" : "false"};
  auto got = session_->one(sql::start_backup(server().version_num), 2, args);
  if (!got)
    return got.failure();
  auto lsn = location((*got)[0]);
  if (!lsn)
    return lsn.failure();
  return pg_backup_start{*lsn, (*got)[1].value_or("")};
}

result<pg_backup_stop> pg_client::stop_backup() {
  auto got = session_->one(sql::stop_backup(server().version_num), 4);
  if (!got)
    return got.failure();
  auto lsn = location((*got)[0]);
  if (!lsn)
    return lsn.failure();
  return pg_backup_stop{*lsn, (*got)[1].value_or(""), (*got)[2].value_or(""),
                        (*got)[3].value_or("")};
}

result<void> pg_client::create_restore_point(std::string_view name) {
  const std::array<std::string, 1> args{std::string(name)};
  if (auto got = session_->one(sql::restore_point(), 1, args); !got)
    return got.failure();
  return success();
}

result<std::string> pg_client::switch_segment() {
  auto got = session_->one(sql::switch_segment(server().version_num), 1);
  if (!got)
    return got.failure();
  return got->front().value_or("");
}

result<void> pg_client::checkpoint() {
  return session_->command("checkpoint");
}

result<std::optional<uint64_t>> pg_client::replay_location() {
  auto got = session_->one(sql::replay_location(server().version_num), 1);
  if (!got)
    return got.failure();
  if (!got->front())
    return std::optional<uint64_t>{};
  auto lsn = location(got->front());
  if (!lsn)
    return lsn.failure();
  return std::optional<uint64_t>(*lsn);
}

result<std::vector<pg_database>> pg_client::databases() {
  auto got = session_->query(sql::databases(), 2);
  if (!got)
    return got.failure();
  std::vector<pg_database> all;
  for (const auto& one : *got) {
    auto oid = number<uint32_t>(one[1]);
    if (!oid)
      return oid.failure();
    all.push_back({one[0].value_or(""), *oid});
  }
  return all;
}

result<std::vector<pg_tablespace>> pg_client::tablespaces() {
  auto got = session_->query(sql::tablespaces(), 2);
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

result<void> pg_client::ping() {
  auto recovery = session_->ask_recovery();
  if (!recovery)
    return recovery.failure();
  if (*recovery == server().in_recovery)
    return success();
  return error{errc::db_mismatch,
               server().in_recovery ? "standby is no longer in recovery"
                                    : "primary has switched to recovery",
               server().in_recovery ? "Was the standby promoted during the backup?" : ""};
}

int pg_client::socket() const {
  return PQsocket(session_->raw());
}

bool pg_client::is_broken() {
  return PQconsumeInput(session_->raw()) == 0 || PQstatus(session_->raw()) != CONNECTION_OK;
}

} // namespace pgbraid::io
