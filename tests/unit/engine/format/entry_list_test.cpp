// Lists of very many entries, against a vector.
// SPDX-License-Identifier: MIT
#include "engine/format/entry_list.hpp"
#include "tests/unit/property.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::format;

namespace {

struct numbered {
  uint32_t key = 0;
  uint32_t number = 0;
  friend bool operator==(const numbered&, const numbered&) = default;
};

} // namespace

TEST_CASE("entry list: holds what a vector holds, in the order of a stable sort") {
  test::for_all([] {
    // Pieces have 2048 entries.
    const auto count = *rc::gen::element(0U, 1U, 2047U, 2048U, 2049U, 5000U);
    const auto keys = *rc::gen::element(1U, 3U, 100000U);
    const auto seed = *rc::gen::arbitrary<uint32_t>();
    entry_list<numbered> list;
    std::vector<numbered> model;
    for (uint32_t i = 0; i < count; ++i) {
      list.push_back({(seed ^ (i * 2654435761U)) % keys, i});
      model.push_back({(seed ^ (i * 2654435761U)) % keys, i});
    }
    std::vector<uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, {}, [&](uint32_t i) { return model[i].key; });
    list.reorder(order);
    std::ranges::stable_sort(model, {}, &numbered::key);
    RC_ASSERT(std::ranges::equal(list, model));
    RC_ASSERT(list.end() - list.begin() == std::ssize(model));
    const auto at = std::ranges::lower_bound(list, keys / 2, {}, &numbered::key);
    RC_ASSERT(at - list.begin() ==
              std::ranges::lower_bound(model, keys / 2, {}, &numbered::key) - model.begin());

    const auto is_odd = [](const numbered& one) { return one.number % 2 == 1; };
    list.remove_if(is_odd);
    std::erase_if(model, is_odd);
    RC_ASSERT(std::ranges::equal(list, model));
    list.cut(model.size() / 2);
    model.resize(model.size() / 2);
    list.push_back({7, 7});
    model.push_back({7, 7});
    const auto moved = std::move(list);
    RC_ASSERT(list.empty());
    RC_ASSERT(std::ranges::equal(moved, model));
  });
}

TEST_CASE("entry list: entries stay where they are, and may be pushed from the list itself") {
  entry_list<numbered> list;
  list.push_back({1, 2});
  const auto* first = &list[0];
  for (uint32_t i = 0; i < 10000; ++i)
    list.push_back(list[0]);
  CHECK(first == &list[0]);
  CHECK(list.back() == numbered{1, 2});
  list.clear();
  CHECK(list.empty());
}
