// The SFTP driver on a real OpenSSH server, whose sftp-server runs beside us, for the contract
// suite. SPDX-License-Identifier: MIT
#pragma once

#include "engine/net/child_process.hpp"
#include "storage/driver/sftp/sftp_storage.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

namespace pgbraid::test {

/// `sftp-server` speaks over its standard input and output what sshd carries.
struct sftp_server {
  static constexpr auto program = "/usr/lib/openssh/sftp-server";
  static net::child_process start(const std::vector<std::string>& more = {},
                                  std::vector<std::string> words = {}) {
    ::signal(SIGPIPE, SIG_IGN); // As the program does: some tests end a server that is written to.
    words.insert(words.end(), {program, "-u", "022"});
    words.insert(words.end(), more.begin(), more.end());
    auto child = net::child_process::start(words);
    REQUIRE_MESSAGE(child, "openssh-sftp-server is missing");
    return std::move(*child);
  }
  std::vector<net::child_process> children; ///< one for each session
  std::mutex mutex;                         ///< sessions are made by several threads
  std::vector<std::string> more = {};       ///< words of its command line
  std::vector<std::string> around = {};     ///< what starts it

  result<std::shared_ptr<sftp::connection>> connect() {
    auto child = start(more, around);
    auto over = net::make_fd_transport(child.from_child.release(), child.to_child.release());
    {
      const std::lock_guard held(mutex);
      children.push_back(std::move(child));
    }
    return sftp::connection::open(std::move(over), {.host = "there"});
  }
  std::shared_ptr<sftp::session_pool> pool(size_t sessions_max = 1) {
    auto first = connect();
    REQUIRE(first);
    return std::make_shared<sftp::session_pool>(
        *first, [this](sftp::session_pool::clock::time_point) { return connect(); },
        sftp::pool_settings{.host = "there", .sessions_max = sessions_max});
  }
};

struct sftp_rig {
  scratch here;
  sftp_server there;
  std::unique_ptr<storage> driver = sftp::make_sftp_storage(there.pool(), here / "deep/root");
  storage& repo = *driver;
  io::io_engine* engine = nullptr;
};

} // namespace pgbraid::test
