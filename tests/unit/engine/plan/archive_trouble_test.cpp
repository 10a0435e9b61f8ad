// Tests of what errors of an archive mean for a recovery.
// SPDX-License-Identifier: MIT
#include "engine/plan/archive_trouble.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace pgbraid;
using namespace pgbraid::plan;

TEST_CASE("archive trouble: hosts may come back; what is missing, foreign or damaged stays so") {
  for (const auto code : {errc::host_connect, errc::protocol, errc::unknown, errc::service})
    CHECK(may_heal(code));
  for (const auto code :
       {errc::file_missing, errc::archive_mismatch, errc::crypto, errc::checksum, errc::file_read,
        errc::archive_duplicate, errc::format, errc::option_required})
    CHECK_FALSE(may_heal(code));
}

TEST_CASE("archive trouble: which recovery promotes") {
  CHECK(recovery_mode_of({}) == recovery_mode::none);
  CHECK(recovery_mode_of({.recovery_signal = true}) == recovery_mode::promotes);
  CHECK(recovery_mode_of({.standby_signal = true}) == recovery_mode::standby);
  // PostgreSQL looks for the standby's file first.
  CHECK(recovery_mode_of({.recovery_signal = true, .standby_signal = true}) ==
        recovery_mode::standby);
  CHECK(recovery_mode_of({.recovery_conf = ""}) == recovery_mode::promotes);
  CHECK(recovery_mode_of({.recovery_conf = "standby_mode = on"}) == recovery_mode::standby);
}

TEST_CASE("archive trouble: standby_mode is read as PostgreSQL reads it") {
  for (const std::string_view text :
       {"standby_mode = 'on'\n", "standby_mode on", "  STANDBY_MODE='TRUE' # yes\r\n",
        "standby_mode=1", "standby_mode'on'", "standby_mode = y",
        "standby_mode='off'\nstandby_mode='on'\n"})
    CHECK_MESSAGE(is_standby_conf(text), std::string(text));
  for (const std::string_view text :
       {"", "#standby_mode = 'on'", "standby_mode = 'off'", "standby_mode = ''",
        "standby_mode='on'\nstandby_mode='off'", "standby_mode_too = on", "standby_mode'off'",
        "standby_mode", "restore_command = 'standby_mode = on'", "standby_mode = #on"})
    CHECK_FALSE_MESSAGE(is_standby_conf(text), std::string(text));
}
