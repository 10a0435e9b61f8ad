// Tests of what the client does with servers that are not there or do not answer.
// SPDX-License-Identifier: MIT
#include "engine/pg/pg_client.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

using namespace pgbraid;
using namespace pgbraid::pg;
using namespace std::chrono_literals;

namespace {

/// A socket where PostgreSQL's would be. It says `greeting` to everybody who speaks to it, and then
/// nothing, or goes away.
class fake_server {
public:
  fake_server(std::string greeting, bool stays) {
    std::string path = "/tmp/pgbraid-fake-XXXXXX";
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    directory_ = path;
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const auto file = path + "/.s.PGSQL.5432";
    std::memcpy(name.sun_path, file.c_str(), file.size() + 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    thread_ =
        std::thread([this, greeting = std::move(greeting), stays] { serve(greeting, stays); });
  }
  ~fake_server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    std::filesystem::remove_all(directory_);
  }
  pg_address address() const { return {.host = directory_, .user = "nobody"}; }

private:
  void serve(const std::string& greeting, bool stays) {
    std::vector<int> guests;
    for (int guest = 0; (guest = ::accept(listener_, nullptr, nullptr)) >= 0;) {
      std::array<char, 1024> startup{};
      if (::read(guest, startup.data(), startup.size()) > 0 &&
          ::write(guest, greeting.data(), greeting.size()) >= 0 && stays)
        guests.push_back(guest);
      else
        ::close(guest);
    }
    for (const int guest : guests)
      ::close(guest);
  }

  std::string directory_;
  int listener_ = -1;
  std::thread thread_;
};

/// AuthenticationOk, BackendKeyData and ReadyForQuery of protocol 3.
std::string welcome() {
  const std::string text("R\0\0\0\x08\0\0\0\0"
                         "K\0\0\0\x0c\0\0\0\x01\0\0\0\x01"
                         "Z\0\0\0\x05I",
                         9 + 13 + 6);
  return text;
}

error refused(const pg_address& address, std::chrono::milliseconds timeout) {
  const auto client = pg_client::connect(address, timeout, "test");
  REQUIRE(!client);
  return client.failure();
}

} // namespace

TEST_CASE("pg_client: no server is a connection error that shows where it looked") {
  const auto failed = refused({.host = "/nowhere", .port = 6543, .user = "someone"}, 5s);
  CHECK(failed.code == errc::db_connect);
  CHECK(failed.message.find("port=6543") != std::string::npos);
  CHECK(failed.message.find("/nowhere") != std::string::npos);
}

TEST_CASE("pg_client: a server that says nothing is given up at the deadline") {
  const fake_server server("", true);
  const auto failed = refused(server.address(), 200ms);
  CHECK(failed.code == errc::db_connect);
  CHECK(failed.message.find("timed out after 200ms") != std::string::npos);
}

TEST_CASE("pg_client: a query without answer is given up at the deadline") {
  const fake_server server(welcome(), true);
  const auto failed = refused(server.address(), 300ms);
  CHECK(failed.code == errc::db_query);
  CHECK(failed.message == "query 'set statement_timeout = 0' timed out after 300ms");
}

TEST_CASE("pg_client: a server that goes away is a query error") {
  const fake_server server(welcome(), false);
  const auto failed = refused(server.address(), 5s);
  CHECK((failed.code == errc::db_query || failed.code == errc::db_connect));
}

TEST_CASE("pg_client: garbage instead of a greeting is a connection error") {
  test::hostile("output that is no protocol");
  const fake_server server("HTTP/1.1 400 Bad Request\r\n\r\n", false);
  CHECK(refused(server.address(), 5s).code == errc::db_connect);
}

TEST_CASE("pg_client: the major version drops the minor part") {
  pg::pg_server_info info;
  info.version_num = 150004;
  CHECK(info.major_version() == 150000);
  info.version_num = 90624;
  CHECK(info.major_version() == 90600);
}
