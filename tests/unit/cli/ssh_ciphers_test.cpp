// Which cipher ssh is asked for. Lists: what OpenSSH 9.2 and Red Hat's policy print.
// SPDX-License-Identifier: MIT
#include "cli/open/ssh_ciphers.hpp"

#include <doctest/doctest.h>

using namespace pgbraid::cli;

namespace {

constexpr auto built_in = "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,"
                          "aes128-gcm@openssh.com,aes256-gcm@openssh.com";

}

TEST_CASE("ssh ciphers: AES-GCM comes first, and nothing is lost") {
  CHECK(ciphers_to_ask_for(built_in, built_in) ==
        "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,"
        "aes128-ctr,aes192-ctr,aes256-ctr");
}

TEST_CASE("ssh ciphers: what somebody configured stays") {
  CHECK(ciphers_to_ask_for("chacha20-poly1305@openssh.com", built_in).empty());
  CHECK(ciphers_to_ask_for("aes256-gcm@openssh.com,aes256-ctr", built_in).empty());
}

TEST_CASE("ssh ciphers: without AES-GCM, with it in front, or without an answer nothing is asked") {
  CHECK(ciphers_to_ask_for("aes128-ctr,aes256-ctr", "aes128-ctr,aes256-ctr").empty());
  const auto in_front = "aes256-gcm@openssh.com,aes128-ctr,aes128-gcm@openssh.com";
  CHECK(ciphers_to_ask_for(in_front, in_front).empty());
  CHECK(ciphers_to_ask_for("", "").empty());
  CHECK(ciphers_to_ask_for("", built_in).empty());
}
