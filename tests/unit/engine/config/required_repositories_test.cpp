// archive-require.
// SPDX-License-Identifier: MIT
#include "engine/config/required_repositories.hpp"
#include "tests/unit/engine/config/run.hpp"

using namespace pgbraid;
using namespace pgbraid::config;

namespace {

options push_with(std::vector<std::string> more) {
  std::vector<std::string> args{"archive-push", "--stanza=x", "--repo1-path=/a", "--repo3-path=/c",
                                "--repo12-path=/l"};
  for (auto& one : more)
    args.push_back(std::move(one));
  return run{std::move(args)}.good();
}

std::set<unsigned> keys(std::vector<std::string> more) {
  return *required_repositories(push_with(std::move(more)));
}

} // namespace

TEST_CASE("archive-require: all, unless some are named") {
  CHECK(keys({}) == std::set<unsigned>{1, 3, 12});
  CHECK(keys({"--archive-require=3"}) == std::set<unsigned>{3});
  CHECK(keys({"--archive-require=12,1"}) == std::set<unsigned>{1, 12});
  CHECK(keys({"--archive-require=12", "--archive-require=1"}) == std::set<unsigned>{1, 12});
  CHECK(keys({"--archive-require=1,1"}) == std::set<unsigned>{1});
}

TEST_CASE("archive-require: names nothing but configured repositories") {
  for (const std::string value :
       {"2", "0", "1,2", "1,", ",1", "repo1", "1 3", "-1", "99999999999", "all"}) {
    auto opts = push_with({"--archive-require=" + value});
    std::vector<std::string> warnings;
    const auto done = check_final(opts, warnings);
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::option_invalid_value);
    CHECK(done.failure().hint.find("1,3,12") != std::string::npos);
  }
}
