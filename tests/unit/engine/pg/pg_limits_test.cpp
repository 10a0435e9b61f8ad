// Settings of a server or a role that would end our sessions.
// SPDX-License-Identifier: MIT
#include "engine/pg/pg_limits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace pgbraid::pg;

TEST_CASE("pg limits: each is turned off by the versions that know it, and by no other") {
  const auto names = [](uint32_t version, std::string_view setting) {
    auto all = first_limits_off();
    const auto later = later_limits_off(version);
    all.insert(all.end(), later.begin(), later.end());
    return std::ranges::count(all, "set " + std::string(setting) + " = 0") == 1;
  };
  for (const uint32_t version : {90624U, 100023U, 130014U, 140000U, 150004U, 170000U, 180001U}) {
    CAPTURE(version);
    CHECK(names(version, "statement_timeout"));
    CHECK(names(version, "lock_timeout"));
    CHECK(names(version, "idle_in_transaction_session_timeout"));
    CHECK(names(version, "idle_session_timeout") == (version >= 140000)); // unknown before
    CHECK(names(version, "transaction_timeout") == (version >= 170000));
  }
}

TEST_CASE("pg limits: what ended a session is named in the hint") {
  // SQLSTATE values: PostgreSQL's documentation, appendix A.
  CHECK(limit_hint("57P05").find("idle_session_timeout") != std::string_view::npos);
  CHECK(limit_hint("57014").find("statement_timeout") != std::string_view::npos);
  CHECK(limit_hint("55P03").find("lock_timeout") != std::string_view::npos);
  CHECK(limit_hint("25P03").find("idle_in_transaction_session_timeout") != std::string_view::npos);
  CHECK(limit_hint("25P04").find("transaction_timeout") != std::string_view::npos);
  CHECK(limit_hint("57P01").find("pg_terminate_backend") != std::string_view::npos);
  CHECK(limit_hint("42501").empty());
  CHECK(limit_hint("").empty());
}
