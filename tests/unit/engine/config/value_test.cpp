// Values of options: parsing and what is refused.
// SPDX-License-Identifier: MIT
#include "engine/config/value.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::config;

namespace {

result<value> parse(option_type type, std::string_view allowed, std::vector<std::string> texts) {
  std::vector<std::string> warnings;
  return parse_value({.name = "x", .type = type}, "x", allowed, texts, warnings);
}

template <class Value> Value good(option_type type, std::string_view allowed, std::string text) {
  auto out = parse(type, allowed, {std::move(text)});
  REQUIRE_MESSAGE(out, (out ? "" : out.failure().text()));
  return std::get<Value>(out->data);
}

std::string bad(option_type type, std::string_view allowed, std::string text) {
  auto out = parse(type, allowed, {std::move(text)});
  REQUIRE_FALSE(out);
  CHECK(out.failure().code == errc::option_invalid_value);
  return out.failure().text();
}

std::string_view part(std::string_view text, std::vector<std::string_view> names) {
  return part_for(text, names);
}

} // namespace

TEST_CASE("value: the part of a table text for a command or another value") {
  CHECK(part("backup: incr; restore: default", {"restore"}) == "default");
  CHECK(part("backup: incr; restore: default", {"info"}).empty());
  CHECK(part("archive-get/archive-push: 1; 2", {"archive-push"}) == "1");
  CHECK(part("archive-get/archive-push: 1; 2", {"backup"}) == "2");
  CHECK(part("bz2: 9; gz: 6", {"backup", "gz"}) == "6");
  CHECK(part("a | b", {"backup"}) == "a | b");
  CHECK(part("", {"backup"}).empty());
}

TEST_CASE("value: numbers and their ranges") {
  CHECK(good<int64_t>(option_type::integer, "-1..9", "-1") == -1);
  CHECK(good<int64_t>(option_type::integer, "-1..9", "+9") == 9);
  CHECK(bad(option_type::integer, "1..999", "0") ==
        "'0' is out of range for 'x' option\nHINT: allowed range is 1 to 999 inclusive");
  CHECK(bad(option_type::integer, "1..999", "x") == "'x' is not valid for 'x' option");
  CHECK(bad(option_type::integer, "", "1.0") == "'1.0' is not valid for 'x' option");
  CHECK(bad(option_type::integer, "", "9223372036854775808") ==
        "'9223372036854775808' is not valid for 'x' option");
  CHECK(good<int64_t>(option_type::size, "1MiB..4PiB", "1m") == 1048576);
  CHECK(bad(option_type::size, "1MiB..4PiB", "1k") ==
        "'1k' is out of range for 'x' option\nHINT: allowed range is 1MiB to 4PiB inclusive");
  CHECK(good<int64_t>(option_type::size, "16KiB | 32KiB", "32768") == 32768);
  CHECK(bad(option_type::size, "16KiB | 32KiB", "5") ==
        "'5' is not allowed for 'x' option\nHINT: allowed values are '16KiB', '32KiB'");
  CHECK(good<int64_t>(option_type::time, "100ms..1d", "1d") == 86'400'000);
  CHECK(bad(option_type::time, "100ms..1d", "0.5") == "'0.5' is not valid for 'x' option");
  CHECK(bad(option_type::time, "100ms..1d", "2d").starts_with("'2d' is out of range"));
}

TEST_CASE("value: texts, paths, choices") {
  CHECK(good<std::string>(option_type::path, "", "/a/b/") == "/a/b");
  CHECK(good<std::string>(option_type::path, "", "/") == "/");
  CHECK(bad(option_type::path, "", "a") == "'a' must begin with / for 'x' option");
  CHECK(bad(option_type::path, "", "/a//b") == "'/a//b' cannot contain // for 'x' option");
  CHECK(bad(option_type::path, "", "") == "'' must be >= 1 character for 'x' option");
  CHECK(bad(option_type::string, "", "") == "'' must be >= 1 character for 'x' option");
  CHECK(good<std::string>(option_type::choice, "full | diff", "diff") == "diff");
  CHECK(bad(option_type::choice, "full | diff", "Full") ==
        "'Full' is not allowed for 'x' option\nHINT: allowed values are 'full', 'diff'");
}

TEST_CASE("value: lists and maps") {
  auto list = parse(option_type::list, "", {"b", "a"});
  REQUIRE(list);
  CHECK(std::get<value_list>(list->data) == value_list{"b", "a"});
  std::vector<std::string> warnings;
  auto map = parse_value({.name = "x", .type = option_type::map}, "x", "", {"b=1", "a=2=3", "b="},
                         warnings);
  REQUIRE(map);
  CHECK(std::get<value_map>(map->data) == value_map{{"a", "2=3"}, {"b", ""}});
  CHECK(warnings.size() == 1);
  auto broken = parse(option_type::map, "", {"a"});
  REQUIRE_FALSE(broken);
  CHECK(broken.failure().code == errc::option_invalid);
  CHECK(broken.failure().message == "key/value 'a' not valid for 'x' option");
}
