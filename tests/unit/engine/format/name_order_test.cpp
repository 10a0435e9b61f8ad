// The order of names that share most of what they begin with.
// SPDX-License-Identifier: MIT
#include "engine/format/name_order.hpp"
#include "tests/unit/property.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::format;

TEST_CASE("name order: is that of a stable sort by all bytes") {
  test::for_all([] {
    const auto part = rc::gen::element<std::string>(
        "", "1", "16384", "16384_fsm", "16384.1", "1638400", "12345678", "123456789", "1234567890",
        "\xff", "\x01", "a b", "A", std::string("z\xc3\xa4"));
    const auto names = *rc::gen::container<std::vector<std::string>>(rc::gen::map(
        rc::gen::tuple(rc::gen::element<std::string>("pg_data", "pg_data/base", "pg_data/base/5",
                                                     "pg_data/base/5.x", "pg_data/base/51", ""),
                       part),
        [](const auto& both) {
          return std::get<0>(both).empty() ? std::get<1>(both)
                                           : std::get<0>(both) + "/" + std::get<1>(both);
        }));
    std::vector<uint32_t> wanted(names.size());
    std::iota(wanted.begin(), wanted.end(), 0U);
    std::ranges::stable_sort(wanted, {}, [&](uint32_t i) { return names[i]; });
    RC_ASSERT(name_order(static_cast<uint32_t>(names.size()),
                         [&](uint32_t i) { return std::string_view(names[i]); }) == wanted);
  });
}
