// Repositories that are asked side by side.
// SPDX-License-Identifier: MIT
#include "cli/open/side_by_side.hpp"
#include "tests/unit/engine/config/run.hpp"

#include <chrono>
#include <stdexcept>
#include <string>

using namespace pgbraid;
using namespace pgbraid::cli;

namespace {

config::options some_options() {
  config::run said{{"--stanza=demo", "--repo1-path=/a", "--repo2-path=/b", "info"}};
  auto loaded = said.load();
  REQUIRE(loaded);
  return *loaded;
}

} // namespace

TEST_CASE("side by side: an answer that comes while its absence is told harms nobody") {
  side_by_side<int> asked(some_options(), {0, 1}, [](const config::options&, size_t position) {
    return result<int>(static_cast<int>(position));
  });
  asked.wait(std::chrono::steady_clock::now() + std::chrono::seconds(30));
  REQUIRE(asked.answer(1) != nullptr);
  // Whoever saw none asks why there is none; by then there may be one.
  CHECK(asked.failure(1).code == errc::host_connect);
  join_aside();
}

TEST_CASE("side by side: each answers for itself, and the answers come in order") {
  const auto answers = ask_repositories<std::string>(
      some_options(), {0, 1}, [](const config::options& opts, size_t position) {
        return position == 0 ? result<std::string>(error{errc::file_missing, "gone"})
                             : result<std::string>(opts.text("repo-path", position));
      });
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].key == 1);
  REQUIRE_FALSE(answers[0].said);
  CHECK(answers[0].said.failure().code == errc::file_missing);
  CHECK(*answers[1].said == "/b");
  join_aside();
}

TEST_CASE("side by side: what is thrown is an answer, too") {
  const auto answers =
      ask_repositories<int>(some_options(), {0, 1}, [](const config::options&, size_t) {
        throw std::runtime_error("oh");
        return result<int>(0);
      });
  for (const auto& one : answers) {
    REQUIRE_FALSE(one.said);
    CHECK(one.said.failure().code == errc::unhandled);
  }
  join_aside();
}
