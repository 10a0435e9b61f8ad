// Windows before and behind a kernel: nothing is lost, nothing comes twice, the end comes once.
// SPDX-License-Identifier: MIT
#include "engine/codec/digest.hpp"
#include "engine/codec/stepper.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace pgbraid;
using namespace pgbraid::codec;

namespace {

/// Every letter twice, and a full stop at the end of the stream; refuses '!'.
class echo_kernel final : public kernel {
public:
  struct echo final : stream {
    bool again = false;
  };
  std::unique_ptr<stream> open() override { return std::make_unique<echo>(); }
  bool transforms() const override { return true; }
  void run(std::span<job> jobs) override {
    calls += 1;
    for (auto& one : jobs)
      advance(one);
  }
  size_t calls = 0;

private:
  static void advance(job& one) {
    auto& again = static_cast<echo&>(*one.state).again;
    while (!one.in.empty() && !one.out.empty()) {
      if (one.in.front() == std::byte{'!'}) {
        one.failure = error{errc::format, "refused"};
        return;
      }
      put(one, one.in.front());
      if (again)
        one.in = one.in.subspan(1);
      again = !again;
    }
    if (one.last && one.in.empty() && !one.out.empty()) {
      put(one, std::byte{'.'});
      one.finished = true;
    }
  }
  static void put(job& one, std::byte letter) {
    one.out.front() = letter;
    one.out = one.out.subspan(1);
  }
};

window text(std::string_view bytes, bool last) {
  return window_of(as_bytes(bytes), last);
}

} // namespace

TEST_CASE("stepper: what finds no room stays and comes with the next steps, then the end, once") {
  for (size_t room_bytes = 1; room_bytes <= 12; ++room_bytes) {
    CAPTURE(room_bytes);
    echo_kernel echo;
    const auto state = echo.open();
    std::array<std::byte, 12> memory{};
    std::string made;
    size_t ends = 0;
    const auto take = [&](const window& piece) {
      CHECK(ends == 0);
      made += as_text(piece.bytes);
      ends += piece.last ? 1 : 0;
      return success();
    };
    const auto room = byte_span(memory).first(room_bytes);
    REQUIRE(feed(echo, *state, text("abc", false), room, take));
    CHECK(ends == 0);
    REQUIRE(feed(echo, *state, text("de", true), room, take));
    CHECK(made == "aabbccddee.");
    CHECK(ends == 1);
  }
}

TEST_CASE("stepper: the end of a stream is to be taken, also where it has no bytes") {
  CHECK_FALSE(text("", false).fresh);
  CHECK(text("", true).fresh);
  echo_kernel echo;
  const auto state = echo.open();
  auto from = text("", true);
  std::array<std::byte, 4> memory{};
  window into;
  REQUIRE(transform(echo, *state, from, memory, into));
  CHECK_FALSE(from.fresh);
  CHECK(into.fresh);
  CHECK(into.last);
  CHECK(as_text(into.bytes) == ".");
}

TEST_CASE("stepper: streams of one step keep apart, and one that breaks is told by its number") {
  echo_kernel echo;
  std::array<window, 3> from{text("ab", false), text("c", false), text("d", true)};
  std::array<window, 3> into;
  std::array<std::array<std::byte, 3>, 3> rooms{};
  std::array states{echo.open(), echo.open(), echo.open()};
  stepper steps;
  const auto step = [&] {
    for (size_t i = 0; i < from.size(); ++i)
      steps.transform(*states[i], from[i], rooms[i], into[i]);
    return steps.run(echo);
  };
  CHECK(step().empty());
  CHECK(echo.calls == 1);
  CHECK(as_text(into[0].bytes) == "aab");
  CHECK(as_text(from[0].bytes) == "b");
  CHECK(as_text(into[1].bytes) == "cc");
  CHECK_FALSE(from[1].fresh);
  CHECK(as_text(into[2].bytes) == "dd.");
  CHECK(into[2].last);

  from = {text("a", false), text("!", false), text("!", false)};
  const auto broken = step();
  REQUIRE(broken.size() == 2);
  CHECK(broken[0].number == 1);
  CHECK(broken[0].why.message == "refused");
  CHECK(broken[1].number == 2);
}

TEST_CASE("stepper: a step without streams does not reach the kernel") {
  echo_kernel echo;
  stepper steps;
  CHECK(steps.run(echo).empty());
  CHECK(echo.calls == 0);
}

TEST_CASE("stepper: what is only looked at stays as it is") {
  digest_kernel sha1;
  const auto first = sha1.open();
  const auto second = sha1.open();
  const auto piece = text("abc", true);
  stepper steps;
  steps.observe(*first, piece);
  steps.observe(*second, piece);
  CHECK(steps.run(sha1).empty());
  for (const auto* state : {first.get(), second.get()})
    CHECK(to_hex(digest_kernel::value(*state)) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(as_text(piece.bytes) == "abc");
  CHECK(piece.fresh);
}

TEST_CASE("stepper: who takes the windows can end the work") {
  echo_kernel echo;
  const auto state = echo.open();
  std::array<std::byte, 2> memory{};
  size_t taken = 0;
  const auto fed = feed(echo, *state, text("abc", true), memory, [&](const window&) {
    return ++taken == 2 ? result<void>(error{errc::file_write, "full"}) : success();
  });
  REQUIRE_FALSE(fed);
  CHECK(fed.failure().message == "full");
  CHECK(taken == 2);
}
