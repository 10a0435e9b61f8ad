// The JSON dialect beside a reader of the whole language (nlohmann's): what one takes the other
// takes. SPDX-License-Identifier: MIT
#include "engine/format/json_reader.hpp"
#include "engine/format/json_writer.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace pgbraid;
using namespace pgbraid::format;
using nlohmann::json;
using test::between;

namespace {

/// A value as the dialect has it, not deeper than that.
json any_value(int depth) {
  switch (*between(0, depth > 0 ? 6 : 4)) {
  case 0:
    return nullptr;
  case 1:
    return *rc::gen::arbitrary<bool>();
  case 2:
    return *test::any_number();
  case 3:
    return *rc::gen::arbitrary<int64_t>();
  case 4:
    return *test::text_of("ab\"\\/ {}[]:,\n\t0", 6);
  case 5: {
    auto out = json::array();
    for (auto more = *between(0, 3); more > 0; --more)
      out.push_back(any_value(depth - 1));
    return out;
  }
  default: {
    auto out = json::object();
    for (auto more = *between(0, 3); more > 0; --more)
      out[*test::text_of("ab\"\\=", 3)] = any_value(depth - 1);
    return out;
  }
  }
}

json read(json_reader& in) {
  switch (in.peek()) {
  case json_kind::object: {
    auto out = json::object();
    in.begin_object();
    while (auto name = in.next_member()) {
      const std::string key(*name);
      out[key] = read(in);
    }
    return out;
  }
  case json_kind::array: {
    auto out = json::array();
    in.begin_array();
    while (in.next_element())
      out.push_back(read(in));
    return out;
  }
  case json_kind::string:
    return std::string(in.read_string());
  case json_kind::boolean:
    return in.read_bool();
  case json_kind::null:
    in.read_null();
    return nullptr;
  case json_kind::number: {
    // The sign is not known before; what is skipped is the text as it stands.
    const auto text = in.skip_value();
    return text.starts_with('-') ? json(std::stoll(std::string(text)))
                                 : json(std::stoull(std::string(text)));
  }
  default:
    in.fail("value expected");
    return {};
  }
}

void write(json_writer& out, const json& value) {
  if (value.is_object()) {
    out.begin_object();
    for (const auto& [name, member] : value.items()) {
      out.member(name);
      write(out, member);
    }
    out.end_object();
  } else if (value.is_array()) {
    out.begin_array();
    for (const auto& element : value)
      write(out, element);
    out.end_array();
  } else if (value.is_string()) {
    out.string(value.get_ref<const std::string&>());
  } else if (value.is_boolean()) {
    out.boolean(value.get<bool>());
  } else if (value.is_null()) {
    out.null();
  } else if (value.is_number_unsigned()) {
    out.number(value.get<uint64_t>());
  } else {
    out.number(value.get<int64_t>());
  }
}

} // namespace

TEST_CASE("json model: what is written is what another writer writes, and reads") {
  test::for_all(
      [] {
        const auto value = any_value(4);
        std::string text;
        json_writer out(text);
        write(out, value);
        // `/` is never escaped; nlohmann's does neither.
        RC_ASSERT(text == value.dump());
        json_reader in(text);
        RC_ASSERT(read(in) == value);
        RC_ASSERT(bool(in.check()));
        RC_ASSERT(is_json(text));
      },
      200);
}

TEST_CASE("json model: blanks between words mean nothing, within numbers and words they do") {
  test::for_all([] {
    const auto value = any_value(3);
    std::string spread;
    bool in_text = false;
    const auto text = value.dump();
    for (size_t i = 0; i < text.size(); ++i) {
      const bool escaped = in_text && text[i] == '\\';
      if (text[i] == '"')
        in_text = !in_text;
      if (!in_text && std::string_view("{}[],:").find(text[i]) != std::string_view::npos)
        spread += *rc::gen::element("", " ", "\t ");
      spread += text[i];
      if (escaped)
        spread += text[++i];
    }
    json_reader in(spread);
    RC_ASSERT(read(in) == value);
    RC_ASSERT(bool(in.check()));
  });
}

TEST_CASE("json model: any text that we take is JSON, and says the same to others") {
  int taken = 0;
  test::for_all(
      [&] {
        test::hostile("random damage and noise");
        auto text = any_value(2).dump();
        for (auto changes = *between(0, 2); changes > 0 && !text.empty(); --changes) {
          const auto at = *between<size_t>(0, text.size() - 1);
          const auto other = *rc::gen::elementOf(std::string("{}[]\",:01-.eEtrufalsn\\ "));
          switch (*between(0, 2)) {
          case 0:
            text.erase(at, 1);
            break;
          case 1:
            text[at] = other;
            break;
          default:
            text.insert(at, 1, other);
          }
        }
        const auto whole = json::parse(text, nullptr, false);
        if (!is_json(text)) {
          // What others take and we refuse are fractions, exponents, and \u above 00FF.
          bool has_fraction = false;
          [[maybe_unused]] const auto again = json::parse(
              text,
              [&](int, json::parse_event_t, json& part) {
                has_fraction |= part.is_number_float();
                return true;
              },
              false);
          RC_ASSERT((whole.is_discarded() || has_fraction || text.find("\\u") != text.npos));
          return;
        }
        ++taken;
        RC_ASSERT(!whole.is_discarded());
        // Integers beyond 64 bits are JSON, which only who reads them refuses.
        if (text.find_first_of("0123456789") == std::string::npos) {
          json_reader in(text);
          RC_ASSERT(read(in) == whole);
        }
      },
      600);
  CHECK(taken >= 60);
}

TEST_CASE("json model: each byte in a string, raw and escaped") {
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const std::string text(1, static_cast<char>(byte));
    const auto written = json_string(text);
    json_reader in(written);
    CHECK(in.read_string() == text);
    CHECK(in.check());
    const bool must_escape =
        std::string_view("\"\\\n\r\t\b\f").find(text) != std::string_view::npos;
    CHECK(written.size() == (must_escape ? 4 : 3));
    // The long form of the same, in both cases of its digits.
    for (const auto* digits : {"0123456789abcdef", "0123456789ABCDEF"}) {
      const auto escaped = std::string("\"\\u00") + digits[byte / 16] + digits[byte % 16] + "\"";
      json_reader other(escaped);
      CHECK(other.read_string() == text);
      CHECK(other.check());
    }
  }
}

TEST_CASE("json model: integers at their limits") {
  const auto as_uint = [](std::string_view text) -> std::optional<uint64_t> {
    json_reader in(text);
    const auto value = in.read_uint();
    return in.check() ? std::optional(value) : std::nullopt;
  };
  const auto as_int = [](std::string_view text) -> std::optional<int64_t> {
    json_reader in(text);
    const auto value = in.read_int();
    return in.check() ? std::optional(value) : std::nullopt;
  };
  CHECK(as_uint("18446744073709551615") == UINT64_MAX);
  CHECK_FALSE(as_uint("18446744073709551616"));
  CHECK_FALSE(as_uint("99999999999999999999999999"));
  CHECK_FALSE(as_uint("-0"));
  CHECK(as_int("-9223372036854775808") == INT64_MIN);
  CHECK(as_int("9223372036854775807") == INT64_MAX);
  CHECK_FALSE(as_int("9223372036854775808"));
  CHECK_FALSE(as_int("-9223372036854775809"));
  for (const auto* bad : {"00", "01", "-01", "1.", "1.0", "1e1", "1E1", ".1", "-", "", " ", "0x1",
                          "1_000", "+1", "١"}) {
    CAPTURE(bad);
    CHECK_FALSE(as_uint(bad));
    CHECK_FALSE(as_int(bad));
    CHECK_FALSE(is_json(bad));
  }
  test::for_all([] {
    const auto number = *test::any_number();
    const auto digits = std::to_string(number);
    json_reader in(digits);
    RC_ASSERT(in.read_uint() == number);
    const auto signed_number = static_cast<int64_t>(number);
    const auto text = std::to_string(signed_number);
    json_reader other(text);
    RC_ASSERT(other.read_int() == signed_number);
    RC_ASSERT(bool(other.check()));
  });
}

TEST_CASE(
    "json model: a value of another kind than was asked for fails, and nothing else is read") {
  const std::vector<std::pair<const char*, json_kind>> values{
      {"{}", json_kind::object}, {"[]", json_kind::array},     {"\"x\"", json_kind::string},
      {"7", json_kind::number},  {"true", json_kind::boolean}, {"null", json_kind::null}};
  using ask = void (*)(json_reader&);
  const std::vector<std::pair<json_kind, ask>> questions{
      {json_kind::object, [](json_reader& in) { in.begin_object(), in.next_member(); }},
      {json_kind::array, [](json_reader& in) { in.begin_array(), in.next_element(); }},
      {json_kind::string, [](json_reader& in) { in.read_string(); }},
      {json_kind::number, [](json_reader& in) { in.read_uint(); }},
      {json_kind::number, [](json_reader& in) { in.read_int(); }},
      {json_kind::boolean, [](json_reader& in) { in.read_bool(); }},
      {json_kind::null, [](json_reader& in) { in.read_null(); }}};
  for (const auto& [text, kind] : values)
    for (const auto& [wanted, question] : questions) {
      CAPTURE(text);
      json_reader in(text);
      CHECK(in.peek() == kind);
      question(in);
      CHECK(bool(in.check()) == (kind == wanted));
      if (kind == wanted)
        continue;
      // The first error sticks, and what is asked now gives values that do no harm.
      const auto first = in.check().failure().message;
      CHECK(in.read_string().empty());
      CHECK(in.read_uint() == 0);
      CHECK_FALSE(in.read_bool());
      CHECK_FALSE(in.next_member());
      CHECK_FALSE(in.next_element());
      CHECK(in.skip_value().empty());
      CHECK(in.check().failure().message == first);
    }
}
