// Asking the resident archiver for one WAL file.
// Source: cli/command/README.md, section 4.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/archiver/archiver_socket.hpp"
#include "engine/base/result.hpp"
#include "engine/base/wal_location.hpp"

#include <chrono>
#include <string>

namespace pgbraid::cli {

struct archiver_question {
  archiver_place place;
  wal_location wal;
  std::chrono::milliseconds timeout; ///< of all
  /// So long nothing is heard at most; a server at work says so every second.
  std::chrono::milliseconds silence{10'000};
};

struct archiver_reply {
  enum class kind {
    nobody,    ///< no server, or one that broke off
    elsewhere, ///< a server that does not do this file
    done       ///< `code` and `text` are what became of it
  };
  kind is = kind::nobody;
  unsigned code = 0;
  std::string text = {}; ///< warnings, what went wrong, or why it is to be done elsewhere
};

/// Waits for the answer. Fails with `archive_timeout` (82), and as `connect_to_archiver`.
result<archiver_reply> ask_archiver(const archiver_question& question);

} // namespace pgbraid::cli
