// Sealed texts in any pieces, with any passphrase, and damaged anywhere.
// Rules: engine/format/README.md, section 11.
// SPDX-License-Identifier: MIT
#include "storage/repository/sealed_text.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/property.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

/// A text as info files begin, with anything behind that.
std::string any_text() {
  auto text = "[backrest]\n" + *rc::gen::arbitrary<std::string>();
  if (*rc::gen::inRange(0, 4) == 0) // of several pieces
    text += std::string(*rc::gen::inRange<size_t>(0, 600'000), 'x');
  return text;
}

secret any_pass() {
  return secret(*rc::gen::nonEmpty<std::string>());
}

/// What an unsealer makes of content in pieces of these sizes, repeated.
result<std::string> opened(std::string_view content, const secret& pass,
                           const std::vector<size_t>& sizes) {
  unsealer open(pass);
  std::string out;
  const auto take = [&](std::string_view plain) {
    out += plain;
    return success();
  };
  for (size_t i = 0; !content.empty(); ++i) {
    const auto piece = content.substr(0, sizes[i % sizes.size()]);
    content.remove_prefix(piece.size());
    if (auto fed = open.feed(as_bytes(piece), content.empty(), take); !fed)
      return fed.failure();
  }
  return out;
}

/// Sizes of pieces: the first holds the header, as it does when a file is read.
std::vector<size_t> any_sizes() {
  std::vector<size_t> sizes = {*rc::gen::inRange<size_t>(32, 300'000)};
  for (int left = *rc::gen::inRange(0, 4); left > 0; --left)
    sizes.push_back(*rc::gen::inRange<size_t>(16, 300'000));
  return sizes;
}

} // namespace

TEST_CASE("sealed text: opens to what it was, whole or in any pieces") {
  for_all([] {
    const auto text = any_text();
    const auto pass = any_pass();
    const auto content = seal(text, pass);
    RC_ASSERT(static_cast<bool>(content));
    // Section 11.2: the word, the salt, whole blocks.
    RC_ASSERT(content->starts_with("Salted__"));
    RC_ASSERT(content->size() == 16 + 16 * (text.size() / 16 + 1));
    const auto whole = unseal(*content, pass);
    RC_ASSERT(static_cast<bool>(whole));
    RC_ASSERT(whole->view() == text);
    const auto pieces = opened(*content, pass, any_sizes());
    RC_ASSERT(static_cast<bool>(pieces));
    RC_ASSERT(*pieces == text);
    // Each file has a salt of its own.
    RC_ASSERT(*seal(text, pass) != *content);
  });
}

TEST_CASE("sealed text: without a passphrase everything is as it lies") {
  for_all([](const std::string& any) {
    RC_ASSERT(*seal(any, secret()) == any);
    RC_ASSERT(unseal(any, secret())->view() == any);
    const auto pieces = opened(any, secret(), {*rc::gen::inRange<size_t>(1, 10)});
    RC_ASSERT((pieces && *pieces == any));
  });
}

TEST_CASE("sealed text: with another passphrase it is 95, never another text") {
  for_all(
      [] {
        const auto text = any_text();
        const auto pass = any_pass();
        const auto other = any_pass();
        RC_PRE(!(pass == other));
        const auto content = *seal(text, pass);
        hostile("manifests and info files", 2);
        const auto whole = unseal(content, other);
        RC_ASSERT(!whole);
        RC_ASSERT(whole.failure().code == errc::crypto);
        RC_ASSERT(!whole.failure().hint.empty());
        const auto pieces = opened(content, other, any_sizes());
        RC_ASSERT(!pieces);
        RC_ASSERT(pieces.failure().code == errc::crypto);
      },
      200);
}

TEST_CASE("sealed text: what was cut is refused, and so is what was never sealed") {
  for_all(
      [] {
        const auto text = any_text();
        const auto pass = any_pass();
        auto content = *seal(text, pass);
        hostile("manifests and info files", 2);
        // Half a block is none; whole blocks less end in text where padding should be, but for one
        // in 256, and that the checksum of the file finds.
        const auto blocks = *rc::gen::inRange<size_t>(0, content.size() / 16);
        const auto cut = content.substr(0, 16 * blocks + *rc::gen::inRange<size_t>(1, 16));
        const auto whole = unseal(cut, pass);
        RC_ASSERT((!whole && whole.failure().code == errc::crypto));
        if (!cut.empty()) {
          const auto pieces = opened(cut, pass, any_sizes());
          RC_ASSERT((!pieces && pieces.failure().code == errc::crypto));
        }
        const auto plain = unseal(text, pass);
        RC_ASSERT((!plain && plain.failure().code == errc::crypto));
        RC_ASSERT(!opened(text, pass, any_sizes()));
      },
      200);
}

TEST_CASE("sealed text: a taker that fails ends it with its own error") {
  const secret pass("pass");
  const auto content = *seal("[backrest]\n" + std::string(600'000, 'x'), pass);
  for (const auto& used : {pass, secret()}) {
    unsealer open(used);
    int taken = 0;
    const auto done = open.feed(as_bytes(content), true, [&](std::string_view) -> result<void> {
      ++taken;
      return error{errc::format, "not what was expected"};
    });
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::format);
    CHECK(taken == 1);
  }
}
