// Questions that are put side by side.
// SPDX-License-Identifier: MIT
#include "engine/base/side_by_side.hpp"
#include "tests/unit/engine/base/asides.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>

using namespace pgbraid;

namespace {

constexpr std::chrono::seconds enough(30);

} // namespace

TEST_CASE("side by side: an answer that comes while its absence is told harms nobody") {
  side_by_side<int> asked({[] { return result<int>(0); }, [] { return result<int>(1); }});
  asked.wait(monotonic::now() + enough);
  REQUIRE(asked.answer(1) != nullptr);
  // Whoever saw none asks why there is none; by then there may be one.
  CHECK(asked.failure(1).code == errc::host_connect);
  test::join_all_asides();
}

TEST_CASE("side by side: each answers for itself, and the answers come in order") {
  const auto answers =
      ask_all<std::string>({[] {
                              return result<std::string>(error{errc::file_missing, "gone"});
                            },
                            [] { return result<std::string>("/b"); }},
                           enough);
  REQUIRE(answers.size() == 2);
  REQUIRE_FALSE(answers[0]);
  CHECK(answers[0].failure().code == errc::file_missing);
  CHECK(*answers[1] == "/b");
  test::join_all_asides();
}

TEST_CASE("side by side: what is thrown is an answer, too") {
  const auto oh = []() -> result<int> { throw std::runtime_error("oh"); };
  for (const auto& one : ask_all<int>({oh, oh}, enough)) {
    REQUIRE_FALSE(one);
    CHECK(one.failure().code == errc::unhandled);
  }
  test::join_all_asides();
}
