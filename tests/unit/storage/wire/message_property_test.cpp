// Every message between hosts with any content: there and back, and what is wrong with it refused.
// SPDX-License-Identifier: MIT
#include "storage/wire/wire_members.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/property.hpp"
#include "tests/unit/storage/wire/any_message.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::wire;
using namespace pgbraid::test;
using nlohmann::json;

namespace {

constexpr auto hostile_class = "requests and answers between hosts";

/// Any number, and often one at the edge of what JSON libraries hold well.
uint64_t any_number() {
  static const std::vector<uint64_t> edges = {0,
                                              1,
                                              255,
                                              uint64_t{1} << 31,
                                              (uint64_t{1} << 32) - 1,
                                              uint64_t{1} << 32,
                                              (uint64_t{1} << 53) + 1,
                                              (uint64_t{1} << 63) - 1,
                                              uint64_t{1} << 63,
                                              std::numeric_limits<uint64_t>::max()};
  return *rc::gen::oneOf(rc::gen::elementOf(edges), rc::gen::arbitrary<uint64_t>());
}

bool any_flag() {
  return *rc::gen::arbitrary<bool>();
}

void fill(std::string& value) {
  value = *rc::gen::arbitrary<std::string>(); // of any bytes
}
void fill(secret& value) {
  value = secret(*rc::gen::arbitrary<std::string>());
}
void fill(std::chrono::seconds& value) {
  value = std::chrono::seconds(static_cast<uint32_t>(any_number()));
}
void fill(errc& value) {
  value = static_cast<errc>(*rc::gen::inRange(1, 256));
}
template <class T> void fill(std::optional<T>& value);
template <class T> void fill(std::vector<T>& values);
void fill(std::map<uint32_t, std::string>& values) {
  for (int left = *rc::gen::inRange(0, 3); left > 0; --left)
    fill(values[static_cast<uint32_t>(any_number())]);
}
template <class T> void fill(T& value) {
  if constexpr (std::is_same_v<T, bool>)
    value = any_flag();
  else if constexpr (std::is_enum_v<T>)
    value = static_cast<T>(*rc::gen::inRange<size_t>(0, wire::words<T>::all.size()));
  else if constexpr (std::is_integral_v<T>)
    value = static_cast<T>(any_number());
  else
    std::apply([](auto&... each) { (fill(each), ...); }, parts(value));
}
template <class T> void fill(std::optional<T>& value) {
  if (any_flag())
    fill(value.emplace());
}
template <class T> void fill(std::vector<T>& values) {
  for (int left = *rc::gen::inRange(0, 3); left > 0; --left) {
    T one{};
    fill(one);
    values.push_back(std::move(one));
  }
}

// Where a link leads is told of links only, and of nothing that is not there.

template <class T> void settle(T&) {}
void settle(entry_info& m) {
  if (m.kind != entry_kind::link)
    m.link_destination.clear();
}
void settle(entry& m) {
  settle(m.info);
}
void settle(wire::info_answer& m) {
  if (!m.found)
    m.info = {};
  settle(m.info);
}

template <class T> T any() {
  T out{};
  fill(out);
  settle(out);
  return out;
}

template <class T> bool same(const T& a, const T& b);
template <class T> bool same(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}
template <class T> bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::ranges::equal(a, b, [](const T& x, const T& y) { return same(x, y); });
}
template <class T> bool same(const T& a, const T& b) {
  if constexpr (requires { a == b; }) {
    return a == b;
  } else {
    T left = a;
    T right = b;
    const auto all = [&]<size_t... I>([[maybe_unused]] auto x, [[maybe_unused]] auto y,
                                      std::index_sequence<I...>) {
      return (same(std::get<I>(x), std::get<I>(y)) && ...);
    };
    return all(parts(left), parts(right),
               std::make_index_sequence<std::tuple_size_v<decltype(parts(left))>>());
  }
}

/// What is refused says so with 39 and is nothing else.
template <class T> bool is_refused(std::string_view text) {
  hostile(hostile_class);
  const auto got = wire::decode<T>(text);
  return !got && got.failure().code == errc::protocol && !got.failure().message.empty();
}

} // namespace

TEST_CASE("wire: every message with any content comes back as it went") {
  for_all([] {
    each_message([]<class T>(const T&) {
      const auto message = any<T>();
      const auto text = wire::encode(message);
      // Heads of HTTP/2 and bodies of lines: one line of UTF-8 without control characters.
      for (const char c : text)
        RC_ASSERT((static_cast<unsigned char>(c) >= ' ' && c != '\x7f'));
      RC_ASSERT(json::accept(text));
      const auto back = wire::decode<T>(text);
      RC_ASSERT(static_cast<bool>(back));
      RC_ASSERT(same(*back, message));
      // What newer versions add is passed over, wherever it stands.
      for (const std::string fresh : {R"("a new one":{"kind":5},)", R"("zz":[null],)"}) {
        auto more = text;
        more.insert(1, text == "{}" ? fresh.substr(0, fresh.size() - 1) : fresh);
        RC_ASSERT(same(*decode<T>(more), message));
      }
    });
  });
}

TEST_CASE("wire: what is missing has its default, and the members have the documented names") {
  each_message([]<class T>(const T& empty) {
    const auto read = wire::decode<T>("{}");
    REQUIRE(read);
    CHECK(same(*read, empty));
    std::set<std::string> names;
    for_all( // what is optional is there once
        [&] {
          const auto members = json::parse(wire::encode(any<T>()));
          for (const auto& [name, value] : members.items())
            names.insert(name);
        },
        100);
    std::string all;
    for (const auto& name : names)
      all += (all.empty() ? "" : " ") + name;
    CHECK(all == documented<T>::members);
  });
}

TEST_CASE("wire: a message that was cut off is refused, wherever") {
  for_all([] {
    each_message([]<class T>(const T&) {
      const auto text = wire::encode(any<T>());
      const auto size = *rc::gen::inRange<size_t>(0, text.size());
      RC_ASSERT(is_refused<T>(std::string_view(text).substr(0, size)));
    });
  });
}

TEST_CASE("wire: a byte that changed is refused, or is another message of the kind") {
  for_all(
      [] {
        each_message([]<class T>(const T&) {
          auto text = wire::encode(any<T>());
          const auto at = *rc::gen::inRange<size_t>(0, text.size());
          text[at] = *rc::gen::arbitrary<char>();
          hostile(hostile_class);
          const auto got = wire::decode<T>(text);
          if (!got) {
            RC_ASSERT(got.failure().code == errc::protocol);
            return;
          }
          // What was taken can be told on, and is then the same.
          const auto again = decode<T>(wire::encode(*got));
          RC_ASSERT(static_cast<bool>(again));
          RC_ASSERT(same(*again, *got));
        });
      },
      300);
}

TEST_CASE("wire: a member of another type is refused") {
  const std::vector<json> others = {
      true,          5, -5, 1.5, "no such word", json::array({"x"}), json::array({json::array()}),
      json::object()};
  constexpr int cases = 5;
  for_all(
      [&] {
        each_message([&]<class T>(const T&) {
          const auto good = json::parse(wire::encode(any<T>()));
          for (const auto& [name, value] : good.items())
            for (const auto& other : others) {
              const bool same_kind =
                  other.type() == value.type() || (other.is_number() && value.is_number());
              if (same_kind)
                continue;
              auto bad = good;
              bad[name] = other;
              RC_ASSERT(is_refused<T>(bad.dump()));
            }
        });
      },
      cases);
}

TEST_CASE("wire: numbers that are no whole numbers, or too large for their member, are refused") {
  for (const std::string number :
       {"1.5", "1e3", "-1", "18446744073709551616", "1e400", "-0.0", "4294967296"}) {
    for (const std::string member : {"uid", "gid", "mode"})
      CHECK(is_refused<wire::change_request>("{\"" + member + "\":" + number + "}"));
    CHECK(is_refused<wire::pg_open_answer>("{\"session\":" + number + "}"));
    CHECK(is_refused<wire::hello>("{\"versions\":[1," + number + "]}"));
    CHECK(is_refused<wire::facts_request>("{\"users\":[7," + number + "]}"));
    if (number != "4294967296") {
      CHECK(is_refused<wire::read_request>("{\"offset\":" + number + "}"));
      CHECK(is_refused<wire::copied_results>("{\"bad_pages\":[" + number + "]}"));
    }
  }
  // A number of seconds may lie before 1970, but not beyond what a file system holds.
  CHECK(wire::decode<wire::change_request>(R"({"mtime":-9223372036854775808})")->wanted.mtime_s ==
        std::numeric_limits<int64_t>::min());
  CHECK(is_refused<wire::change_request>(R"({"mtime":-9223372036854775809})"));
  CHECK(is_refused<wire::change_request>(R"({"mtime":9223372036854775808})"));
}

TEST_CASE("wire: text goes byte by byte, and comes back of any text or not at all") {
  for_all(
      [](const std::string& bytes) {
        const auto text = wire::wire_text(bytes);
        const auto back = wire::from_wire_text(text);
        RC_ASSERT(static_cast<bool>(back));
        RC_ASSERT(*back == bytes);
        // One code point a byte.
        size_t points = 0;
        for (const char c : text)
          points += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
        RC_ASSERT(points == bytes.size());
        // Any bytes as text: refused, or they are the text of what they were taken for.
        const auto taken = from_wire_text(bytes);
        if (taken)
          RC_ASSERT(wire_text(*taken) == bytes);
        else
          RC_ASSERT(taken.failure().code == errc::protocol);
      },
      500);
}
