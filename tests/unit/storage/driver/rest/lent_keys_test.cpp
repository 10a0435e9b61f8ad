// When keys are asked for again.
// SPDX-License-Identifier: MIT
#include "engine/base/secret.hpp"
#include "storage/driver/rest/lent_keys.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::rest;
using namespace std::chrono_literals;

TEST_CASE("lent keys: asked for when they are needed, and again before they end") {
  manual_clock clock;
  int asked = 0;
  bool answers = true;
  const auto end_after = [&](int64_t life_s) {
    return [&, life_s]() -> result<lent<secret>> {
      ++asked;
      if (!answers)
        return error{errc::service, "not now"};
      return lent<secret>{.keys = secret(std::to_string(asked)), .until_s = wall_s() + life_s};
    };
  };
  lent_keys<secret> keys({}, end_after(3600));
  CHECK(asked == 0);
  CHECK(keys.current()->keys.view() == "1");
  clock.advance(3299s);
  CHECK(keys.current()->keys.view() == "1");
  clock.advance(2s);
  CHECK(keys.current()->keys.view() == "2");
  // A lender that does not answer is asked with each request, while the old ones hold.
  answers = false;
  clock.advance(3400s);
  CHECK(keys.current()->keys.view() == "2");
  clock.advance(300s);
  CHECK_FALSE(keys.current());
  answers = true;
  CHECK(keys.current());
  // The store may know better.
  const auto before = asked;
  CHECK(keys.refused(keys.current()->number - 1));
  CHECK(keys.current());
  CHECK(asked == before);
  CHECK(keys.refused(keys.current()->number));
  CHECK(keys.current());
  CHECK(asked == before + 1);
  lent_keys<secret> shortly({}, end_after(20));
  CHECK(shortly.current());
  const auto so_far = asked;
  clock.advance(9s);
  CHECK(shortly.current());
  CHECK(asked == so_far);
  clock.advance(2s);
  CHECK(shortly.current());
  CHECK(asked == so_far + 1);
  // Those that hold for less than the lender is left alone are not used beyond their end either.
  lent_keys<secret> briefly({}, end_after(2));
  CHECK(briefly.current());
  clock.advance(2s);
  const auto ended = asked;
  CHECK(briefly.current());
  CHECK(asked == ended + 1);
  // Those that have ended when they come: one clock is wrong, and the lender has its rest.
  lent_keys<secret> from_yesterday({}, end_after(-3600));
  CHECK(from_yesterday.current());
  const auto once = asked;
  clock.advance(4s);
  CHECK(from_yesterday.current());
  CHECK(asked == once);
  lent_keys<secret> fixed(secret("k"), nullptr);
  CHECK(fixed.current()->keys.view() == "k");
  CHECK_FALSE(fixed.refused(fixed.current()->number));
}
