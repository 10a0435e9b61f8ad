// Texts for logs, terminals and shells, read by those that they are for: iconv, and a shell.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"
#include "engine/base/path.hpp"
#include "engine/base/printable.hpp"
#include "engine/base/shell_word.hpp"
#include "engine/base/signal_text.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <iconv.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>

using namespace pgbraid;
using test::between;

namespace {

/// The characters of a text, by the C library; nothing when it is no UTF-8.
std::optional<std::vector<uint32_t>> characters(std::string text) {
  const auto with = ::iconv_open("UTF-32LE", "UTF-8");
  REQUIRE(with != reinterpret_cast<iconv_t>(-1));
  std::vector<uint32_t> out(text.size() + 1);
  auto* from = text.data();
  size_t from_left = text.size();
  auto* to = reinterpret_cast<char*>(out.data());
  size_t to_left = out.size() * 4;
  const bool whole = ::iconv(with, &from, &from_left, &to, &to_left) != static_cast<size_t>(-1);
  ::iconv_close(with);
  if (!whole || from_left != 0)
    return std::nullopt;
  out.resize(out.size() - to_left / 4);
  return out;
}

std::string encoded(uint32_t code) {
  std::string out;
  if (code < 0x80)
    return {static_cast<char>(code)};
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  out += static_cast<char>((~(0xFFU >> (more + 1)) & 0xFF) | code >> (6 * more));
  for (int i = more; i-- > 0;)
    out += static_cast<char>(0x80 | (code >> (6 * i) & 0x3F));
  return out;
}

/// What the comment of `printable` promises to a terminal.
bool may_be_shown(uint32_t code) {
  if (code == '\n' || code == '\t')
    return true;
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool turns_around =
      (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  const bool takes_no_place = code == 0x200B || code == 0x200D || code == 0xFEFF || code == 0xAD;
  return !control && !turns_around && !takes_no_place;
}

/// Bytes that begin, continue and break sequences.
rc::Gen<std::string> any_bytes() {
  return test::text_of(
      std::string("a\n\t\x1b\x7f\x80\x9b\xa0\xbf\xc0\xc2\xdf\xe0\xe2\xed\xef\xf0\xf4\xf5\xff", 20),
      8);
}

} // namespace

TEST_CASE("printable model: whatever comes in, UTF-8 without control characters comes out") {
  test::for_all(
      [] {
        test::hostile("control characters and line feeds");
        const auto text = *any_bytes();
        const auto shown = printable(text);
        const auto read = characters(shown);
        RC_ASSERT(read.has_value());
        RC_ASSERT(std::ranges::all_of(*read, may_be_shown));
        RC_ASSERT(printable(shown) == shown);
        const auto line = printable_line(text);
        RC_ASSERT(line.find_first_of("\n\t") == std::string::npos);
        RC_ASSERT(printable_line(line) == line);
        const auto json = characters(printable_json("\"" + text + "\""));
        RC_ASSERT(json.has_value());
        RC_ASSERT(std::ranges::all_of(*json, may_be_shown));
      },
      400);
}

TEST_CASE("printable model: what is text stays as it is") {
  test::for_all(
      [] {
        std::string text;
        for (auto more = *between(0, 6); more > 0; --more) {
          const auto code = *rc::gen::oneOf(
              between<uint32_t>(0x20, 0x7E), between<uint32_t>(0xC0, 0x24F),
              between<uint32_t>(0x4E00, 0x9FFF), between<uint32_t>(0x10000, 0x10FFFF));
          text += encoded(code);
        }
        RC_ASSERT(printable(text) == text);
        RC_ASSERT(printable_line(text) == text);
        RC_ASSERT(printable_json(text) == text);
      },
      200);
}

TEST_CASE("printable model: each character by itself, and each cut of it") {
  for (uint32_t code = 0; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 0x101) {
    if (code >= 0xD800 && code <= 0xDFFF)
      continue;
    const auto text = encoded(code);
    const bool stays = printable(text) == text;
    if (stays != may_be_shown(code)) {
      // More than the least that is promised may go, but no letter.
      CAPTURE(code);
      REQUIRE_FALSE(stays);
      REQUIRE((code >= 0x200B && code <= 0x206F));
    }
    for (size_t length = 1; length < text.size(); ++length)
      REQUIRE(printable(text.substr(0, length)).find("\\x") == 0);
  }
}

TEST_CASE("shell word model: a shell reads each word as it was") {
  std::vector<std::string> words{"",    " ",   "'",     "\"",   "$HOME", "`id`", "$(id)", "a b",
                                 "*",   "~",   "#x",    "a;b",  "a\nb",  "\\",   "\\n",   "-n",
                                 "%s",  "!!",  "a&b",   "|",    "<x",    ">x",   "(x)",   "{a,b}",
                                 "[a]", "a\\", "\\\"$", "x=$y", "\t",    "?",    "snöw"};
  test::for_all([&] { words.push_back(*test::text_of("a '\"$`\\;&|<>*?~#!(){}[]\n%", 6)); });
  std::string command = "printf '%s\\0'";
  std::string wanted;
  for (const auto& word : words) {
    command += " " + shell_word(word);
    wanted += word + '\0';
  }
  auto* const shell = ::popen(command.c_str(), "re");
  REQUIRE(shell != nullptr);
  std::string read(wanted.size() + 100, '\0');
  read.resize(std::fread(read.data(), 1, read.size(), shell));
  CHECK(::pclose(shell) == 0);
  CHECK(read == wanted);
}

TEST_CASE("path model: parts that are put together are taken apart again") {
  test::for_all([] {
    const auto parent = *rc::gen::element<std::string>("a", "/a", "a/b", "/a/b/c", "..");
    const auto name = *rc::gen::element<std::string>("x", "x.y", "..", " ");
    const auto path = join_path(parent, name);
    RC_ASSERT((split_path(path).parent == parent));
    RC_ASSERT((split_path(path).name == name));
    RC_ASSERT(join_path(split_path(path).parent, split_path(path).name) == path);
    RC_ASSERT(path.find("//") == std::string::npos);
  });
  CHECK(join_path("/", "x") == "/x");
  CHECK(join_path("", "x") == "x");
  CHECK(join_path("x", "") == "x");
  CHECK(join_path("", "").empty());
  CHECK(split_path("x").parent.empty());
  CHECK(split_path("/x").parent.empty());
  CHECK(split_path("x/").name.empty());
}

TEST_CASE("signal text model: numbers as the library writes them, and an end that is kept") {
  test::for_all([] {
    signal_text made;
    std::string wanted;
    for (auto more = *between(0, 40); more > 0; --more) {
      const auto number = *test::any_number();
      const auto digits = *between<size_t>(1, 20);
      const auto text = *test::text_of("abc :", 30);
      made.add(text).add(number, digits);
      wanted += fmt::format("{}{:0{}}", text, number, digits);
    }
    RC_ASSERT((made.view() == wanted.substr(0, 511)));
  });
}

TEST_CASE("hexadecimal: two digits for each byte") {
  std::vector<std::byte> all;
  std::string wanted;
  for (int i = 0; i < 256; ++i) {
    all.push_back(static_cast<std::byte>(i));
    wanted += fmt::format("{:02x}", i);
  }
  CHECK(to_hex(all) == wanted);
  CHECK(to_hex({}).empty());
}
