// The SFTP driver on a real OpenSSH server, whose sftp-server runs beside us, for the contract
// suite. SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/child_process.hpp"
#include "storage/sftp/sftp_storage.hpp"
#include "tests/unit/io/scratch.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

namespace pgbraid::test {

/// `sftp-server` speaks over its standard input and output what sshd carries.
struct sftp_server {
  static constexpr auto program = "/usr/lib/openssh/sftp-server";
  static link::child_process start() {
    auto child = link::child_process::start({program, "-u", "022"});
    REQUIRE_MESSAGE(child, "openssh-sftp-server is missing");
    return std::move(*child);
  }
  link::child_process child = start();
  std::shared_ptr<sftp::connection> on = connect();

  std::shared_ptr<sftp::connection> connect() {
    auto over = link::make_fd_transport(child.from_child.release(), child.to_child.release());
    auto made = sftp::connection::open(std::move(over), {.host = "there"});
    REQUIRE(made);
    return *made;
  }
};

struct sftp_rig {
  scratch here;
  sftp_server there;
  std::unique_ptr<storage> driver = sftp::make_sftp_storage(there.on, here / "deep/root");
  storage& repo = *driver;
  io::io_engine* engine = nullptr;
};

} // namespace pgbraid::test
