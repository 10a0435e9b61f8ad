// Times in headers, as they should be and as nobody should send them.
// SPDX-License-Identifier: MIT
#include "engine/http/http_time.hpp"

#include <doctest/doctest.h>

using namespace pgbraid::http;

TEST_CASE("http time: there and back") {
  CHECK(seconds_of("Fri, 02 Jan 2026 03:04:05 GMT") == 1767323045);
  CHECK(time_text(1767323045) == "Fri, 02 Jan 2026 03:04:05 GMT");
  for (const auto* text : {"", "Fri, 02 Foo 2026 03:04:05 GMT", "Fri 02 Jan 2026", "0", "soon",
                           "Fri, 02 Jan 2026 03:04:05", "Fri, 02 Jan 2026 03:04:05 GMT and more"})
    CHECK_FALSE(seconds_of(text));
}
