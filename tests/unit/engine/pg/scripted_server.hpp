// A PostgreSQL server that says what a test wants: protocol 3 over a socket, no SQL.
// Source: the PostgreSQL manual, "Frontend/Backend Protocol", message formats.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/pg/pg_client.hpp"
#include "engine/pg/pg_sql.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace pgbraid::test {

using cell = std::optional<std::string>;
using table = std::vector<std::vector<cell>>;

/// What a query gets.
struct pg_answer {
  size_t columns = 0;
  table rows = {};
  /// SQLSTATE and message of an error instead.
  std::optional<std::pair<std::string, std::string>> failure = {};
  std::string severity = "ERROR";
  std::string raw = {}; ///< sent instead of everything
  bool goes_away = false;
};

/// A query as it came.
struct pg_question {
  std::string sql;
  std::vector<std::string> values;
};

/// Answers the questions of a session's beginning as a server of `version` does, others as it was
/// told; what is not there is a command that succeeds. One session at a time.
class scripted_server {
public:
  uint32_t version = 150004;

  scripted_server() {
    std::string path = "/tmp/pgbraid-scripted-XXXXXX";
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    directory_ = path;
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const auto file = path + "/.s.PGSQL.5432";
    std::memcpy(name.sun_path, file.c_str(), file.size() + 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    set(pg::sql::in_recovery(), {1, {{"f"}}});
    set("select set_config($1, $2, false)", {1, {{"x"}}});
    thread_ = std::thread([this] { serve(); });
  }
  ~scripted_server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    std::filesystem::remove_all(directory_);
  }
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  void set(std::string_view sql, pg_answer answer) {
    const std::lock_guard held(mutex_);
    answers_.insert_or_assign(std::string(sql), std::move(answer));
  }
  pg::pg_address address() const { return {.host = directory_, .user = "nobody"}; }
  result<pg::pg_client> connect() {
    set_settings();
    return pg::pg_client::connect(address(), std::chrono::seconds(60), "pgbraid [test]");
  }
  /// What pg_settings says, unless it was set.
  void set_settings() {
    const std::lock_guard held(mutex_);
    answers_.try_emplace(
        std::string(pg::sql::server_settings()),
        pg_answer{9,
                  {{std::to_string(version), "/pg/15", "on", "pgbraid push %p", "300", "16777216",
                    "pgbraid_archive", "demo", "/etc/x.toml"}}});
  }
  /// All questions so far.
  std::vector<pg_question> asked() {
    const std::lock_guard held(mutex_);
    return asked_;
  }

private:
  static std::string number(uint32_t value, size_t bytes) {
    std::string out;
    for (size_t i = bytes; i-- > 0;)
      out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
  }
  static std::string message(char kind, const std::string& body) {
    return kind + number(static_cast<uint32_t>(body.size()) + 4, 4) + body;
  }
  static bool read_exactly(int fd, char* to, size_t bytes) {
    while (bytes > 0) {
      const auto got = ::read(fd, to, bytes);
      if (got <= 0)
        return false;
      to += got;
      bytes -= static_cast<size_t>(got);
    }
    return true;
  }
  static bool say(int fd, std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  static uint32_t length_in(std::string_view bytes) {
    uint32_t out = 0;
    for (const char c : bytes)
      out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }

  void serve() {
    for (int guest = 0; (guest = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      hold_session(guest);
      ::close(guest);
    }
  }
  void hold_session(int guest) {
    std::array<char, 4> head{};
    if (!read_exactly(guest, head.data(), head.size()))
      return;
    std::string rest(length_in({head.data(), head.size()}) - 4, '\0');
    if (!read_exactly(guest, rest.data(), rest.size()))
      return;
    const auto welcome =
        message('R', number(0, 4)) + message('K', number(1, 4) + number(1, 4)) + message('Z', "I");
    if (!say(guest, welcome))
      return;
    pg_question now;
    while (take_message(guest, now)) {
    }
  }
  /// Parse and Bind are noted; Sync is when the answer goes out.
  bool take_message(int guest, pg_question& now) {
    std::array<char, 5> head{};
    if (!read_exactly(guest, head.data(), head.size()))
      return false;
    std::string body(length_in({head.data() + 1, 4}) - 4, '\0');
    if (!read_exactly(guest, body.data(), body.size()))
      return false;
    if (head[0] == 'P')
      now.sql = body.c_str() + 1; // behind the empty name of the statement
    else if (head[0] == 'B')
      now.values = values_of(body);
    else if (head[0] == 'S')
      return answer(guest, std::exchange(now, {}));
    return head[0] != 'X';
  }
  static std::vector<std::string> values_of(std::string_view body) {
    body.remove_prefix(2); // two empty names
    const auto take = [&](size_t bytes) {
      const auto value = length_in(body.substr(0, bytes));
      body.remove_prefix(bytes);
      return value;
    };
    body.remove_prefix(2 * take(2)); // formats
    std::vector<std::string> out(take(2));
    for (auto& one : out) {
      const auto size = take(4);
      one = body.substr(0, size);
      body.remove_prefix(size);
    }
    return out;
  }
  bool answer(int guest, pg_question asked) {
    pg_answer what;
    {
      const std::lock_guard held(mutex_);
      asked_.push_back(asked);
      if (const auto found = answers_.find(asked.sql); found != answers_.end())
        what = found->second;
    }
    if (!what.raw.empty())
      return say(guest, what.raw);
    std::string out = message('1', "") + message('2', "");
    if (what.failure) {
      const auto body = "S" + what.severity + '\0' + "V" + what.severity + '\0' + "C" +
                        what.failure->first + '\0' + "M" + what.failure->second + '\0' + '\0';
      out += message('E', body);
      if (!what.goes_away)
        out += message('Z', "I");
      return say(guest, out) && !what.goes_away;
    }
    if (what.columns > 0) {
      std::string row = number(static_cast<uint32_t>(what.columns), 2);
      for (size_t i = 0; i < what.columns; ++i)
        row += "c" + std::string(1, '\0') + number(0, 4) + number(0, 2) + number(25, 4) +
               number(0xffff, 2) + number(0xffffffff, 4) + number(0, 2);
      out += message('T', row);
      for (const auto& one : what.rows)
        out += message('D', row_of(one));
    } else {
      out += message('n', "");
    }
    out += message('C', std::string("SELECT 1") + '\0') + message('Z', "I");
    return say(guest, out);
  }
  static std::string row_of(const std::vector<cell>& cells) {
    std::string out = number(static_cast<uint32_t>(cells.size()), 2);
    for (const auto& one : cells)
      out += one ? number(static_cast<uint32_t>(one->size()), 4) + *one : number(0xffffffff, 4);
    return out;
  }

  std::string directory_;
  int listener_ = -1;
  std::mutex mutex_;
  std::map<std::string, pg_answer, std::less<>> answers_;
  std::vector<pg_question> asked_;
  std::thread thread_;
};

} // namespace pgbraid::test
