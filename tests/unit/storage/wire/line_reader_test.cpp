// Lines and bytes of an answer, in whatever pieces it comes.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"
#include "storage/wire/line_reader.hpp"
#include "storage/wire/wire.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/link/rig.hpp"
#include "tests/unit/property.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;
using wire::line_limit_bytes;
using wire::line_reader;

namespace {

/// A host that sends these pieces and ends well, or with an error.
class answerer {
public:
  explicit answerer(std::vector<std::string> pieces, std::optional<error> failure = {})
      : ends_([pieces = std::move(pieces), failure = std::move(failure)](link::exchange& asked) {
          for (const auto& one : pieces)
            if (!asked.write(as_bytes(one)))
              return;
          if (failure)
            asked.fail(*failure);
          else
            static_cast<void>(asked.finish());
        }),
        call_(*ends_.asking->open("/v1/any", "{}")), lines(*call_) {
    REQUIRE(call_->end_write());
  }

private:
  pair_of_ends ends_;
  std::unique_ptr<link::call> call_;

public:
  line_reader lines;
};

/// The same bytes in pieces of any sizes.
std::vector<std::string> cut(const std::string& all) {
  std::vector<std::string> pieces;
  for (size_t at = 0; at < all.size();) {
    const auto size = *rc::gen::inRange<size_t>(1, 1 + all.size() / 2 + 1);
    pieces.push_back(all.substr(at, size));
    at += size;
  }
  return pieces;
}

std::string any_line() {
  auto line = *rc::gen::arbitrary<std::string>();
  std::erase(line, '\n');
  if (*rc::gen::inRange(0, 4) == 0) // so that an answer needs several reads
    line += std::string(*rc::gen::inRange<size_t>(0, wire::line_limit_bytes - line.size()), 'x');
  return line;
}

errc code_of_next(line_reader& lines) {
  const auto got = lines.next();
  return got ? errc{} : got.failure().code;
}

} // namespace

TEST_CASE("line reader: lines and the bytes between them come as they were sent") {
  for_all(
      [] {
        // As storage/read-small has it: a line, then as many bytes as it says.
        std::vector<std::pair<std::string, std::string>> files;
        for (int left = *rc::gen::inRange(0, 6); left > 0; --left)
          files.emplace_back(any_line(), *rc::gen::arbitrary<std::string>() +
                                             std::string(*rc::gen::inRange(0, 90'000), 'y'));
        std::string all;
        for (const auto& [line, bytes] : files)
          all += line + "\n" + bytes;
        answerer from(cut(all));
        for (const auto& [line, bytes] : files) {
          const auto got = from.lines.next();
          RC_ASSERT(static_cast<bool>(got));
          RC_ASSERT(*got == line);
          std::string into(bytes.size(), '\0');
          RC_ASSERT(static_cast<bool>(from.lines.read(std::as_writable_bytes(std::span(into)))));
          RC_ASSERT(into == bytes);
        }
        const auto end = from.lines.next();
        RC_ASSERT((end && !end->has_value()));
        RC_ASSERT((from.lines.next() && !from.lines.next()->has_value())); // and it stays that
      },
      40);
}

TEST_CASE("line reader: an end in the middle is refused, wherever it is") {
  const std::string all = "first\nbytes" + std::string(100, 'b') + "last\n";
  for (size_t size = 0; size < all.size(); ++size) {
    hostile("requests and answers between hosts");
    answerer from({all.substr(0, size)});
    const auto first = from.lines.next();
    if (size < 6) {
      CHECK((size == 0 ? first && !*first : !first && first.failure().code == errc::protocol));
      continue;
    }
    REQUIRE(first);
    std::string bytes(105, '\0');
    const auto read = from.lines.read(std::as_writable_bytes(std::span(bytes)));
    CHECK(static_cast<bool>(read) == (size >= 111));
    if (!read) {
      CHECK(read.failure().code == errc::protocol);
      continue;
    }
    const auto last = from.lines.next();
    CHECK((size == 111 ? last && !*last : !last && last.failure().code == errc::protocol));
  }
}

TEST_CASE("line reader: a line may have so many bytes and no more, however it is cut") {
  for (const size_t piece : {size_t{1000}, wire::line_limit_bytes, 2 * wire::line_limit_bytes})
    for (const size_t more : {size_t{0}, size_t{1}, 5 * wire::line_limit_bytes}) {
      const auto line = std::string(wire::line_limit_bytes + more, 'x') + "\n";
      std::vector<std::string> pieces;
      for (size_t at = 0; at < line.size(); at += piece)
        pieces.push_back(line.substr(at, piece));
      answerer from(pieces);
      hostile("requests and answers between hosts", more > 0 ? 1 : 0);
      const auto got = from.lines.next();
      CHECK(static_cast<bool>(got) == (more == 0));
      if (!got)
        CHECK(got.failure().code == errc::protocol);
      else
        CHECK((*got)->size() == wire::line_limit_bytes);
    }
}

TEST_CASE("line reader: an answer that ends with an error is that error, not an end") {
  const error why{errc::file_missing, "no such thing", "Look for it."};
  {
    answerer from({"one\n", "two\n"}, why);
    // What came with the error may be told with it; that all is well is never told.
    for (int line = 0; line < 3; ++line) {
      const auto got = from.lines.next();
      if (!got) {
        CHECK(got.failure().code == errc::file_missing);
        CHECK(got.failure().hint == "Look for it.");
        break;
      }
      REQUIRE(got->has_value());
    }
    CHECK(code_of_next(from.lines) != errc{});
  }
  answerer empty({}, why);
  CHECK(code_of_next(empty.lines) == errc::file_missing);
  std::string bytes(5, '\0');
  answerer short_of({"abc"}, why);
  const auto read = short_of.lines.read(std::as_writable_bytes(std::span(bytes)));
  REQUIRE_FALSE(read);
  CHECK(read.failure().code == errc::file_missing);
}

TEST_CASE("line reader: nothing wanted is nothing read") {
  answerer from({"a line\n"});
  CHECK(from.lines.read({}));
  CHECK(*from.lines.next() == "a line");
  CHECK(from.lines.read({}));
}
