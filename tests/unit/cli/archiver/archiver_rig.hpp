// A place for the socket of a resident archiver, and the bytes that go through it.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/archiver/archiver_socket.hpp"
#include "engine/format/archiver_message.hpp"
#include "tests/unit/engine/io/scratch.hpp"
#include "tests/unit/quiet.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <optional>
#include <string>

namespace pgbraid::test {

struct archiver_rig {
  quiet no_lines = {};
  scratch here = {};
  cli::archiver_place place = {here.text(), here / "demo-archive.sock"};

  io::unique_fd listen() const {
    auto made = cli::listen_for_callers(place);
    REQUIRE(made);
    return std::move(*made);
  }
  io::unique_fd connect() const {
    auto made = cli::connect_to_archiver(place);
    REQUIRE(made);
    REQUIRE(*made);
    return std::move(*made);
  }
};

inline void put_into(const io::unique_fd& socket, const std::string& bytes) {
  REQUIRE(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
}

/// What is there to be read now; `gone` at the end of the connection.
struct heard {
  std::string bytes = {};
  bool gone = false;
};
inline heard take_from(const io::unique_fd& socket) {
  heard out;
  std::array<char, 4096> part = {};
  while (true) {
    const auto got = ::recv(socket.get(), part.data(), part.size(), MSG_DONTWAIT);
    if (got < 0)
      return out;
    if (got == 0) {
      out.gone = true;
      return out;
    }
    out.bytes.append(part.data(), static_cast<size_t>(got));
  }
}

} // namespace pgbraid::test
