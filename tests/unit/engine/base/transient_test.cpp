// What errors say about another try.
// SPDX-License-Identifier: MIT
#include "engine/base/error.hpp"

#include <doctest/doctest.h>

#include <cerrno>

using namespace pgbraid;

TEST_CASE("error: networks and interrupted calls pass, disks and names do not") {
  for (const int passes : {ETIMEDOUT, ECONNRESET, ECONNREFUSED, EPIPE, ESTALE, EINTR, EAGAIN})
    CHECK(system_error(errc::file_read, "x", passes).transient);
  for (const int stays : {ENOENT, EACCES, ENOSPC, EIO, EROFS, ELOOP})
    CHECK_FALSE(system_error(errc::file_read, "x", stays).transient);
  CHECK_FALSE(error{errc::file_read, "x"}.transient);
}

TEST_CASE("error: context changes the message alone") {
  auto why = system_error(errc::file_read, "cannot read", ETIMEDOUT);
  why.hint = "Look.";
  const auto told = why.within("pg1");
  CHECK(told.message == "pg1: " + why.message);
  CHECK(told.hint == "Look.");
  CHECK(told.code == errc::file_read);
  CHECK(told.transient);
}
