// Many streams of any size, read and written in any pieces, cancelled anywhere: all others arrive.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"
#include "engine/link/flood_guard.hpp"
#include "engine/link/frame_scanner.hpp"
#include "engine/link/peer_error.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/link/rig.hpp"
#include "tests/unit/property.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

/// What the serving end does with a request; travels in its path: `/v1/<number>`.
struct order {
  size_t body_bytes = 0;
  size_t answer_bytes = 0;
  size_t read_piece = 1;
  size_t write_piece = 1;
  std::optional<error> failure = {};
  bool reads_all = true;
};

size_t number_of(const std::string& path) {
  size_t out = 0;
  std::from_chars(path.data() + 4, path.data() + path.size(), out);
  return out;
}

/// Reads the body, checks it, and answers with another pattern.
void serve(const order& what, size_t number, link::exchange& asked, std::atomic<int>& wrong) {
  std::string body;
  std::string piece(what.read_piece, '\0');
  while (what.reads_all) {
    const auto got = asked.read(std::as_writable_bytes(std::span(piece)));
    if (!got)
      return; // cancelled
    body.append(piece, 0, *got);
    if (*got < piece.size())
      break;
  }
  if (what.reads_all && body != pattern(what.body_bytes, number + 1))
    ++wrong;
  const auto answer = pattern(what.answer_bytes, number + 1000);
  for (size_t at = 0; at < answer.size(); at += what.write_piece)
    if (!asked.write(as_bytes(std::string_view(answer).substr(at, what.write_piece))))
      return;
  if (what.failure)
    asked.fail(*what.failure);
  else
    static_cast<void>(asked.finish());
}

size_t any_bytes(size_t largest) {
  const size_t edge = *rc::gen::element<size_t>(0, 1, 16383, 16384, 16385, 65535, 65536);
  return std::min(largest, *rc::gen::element(edge, *rc::gen::inRange<size_t>(0, largest + 1)));
}

order any_order() {
  order made{.body_bytes = any_bytes(200'000),
             .answer_bytes = any_bytes(200'000),
             .read_piece = 1 + any_bytes(70'000),
             .write_piece = 1 + any_bytes(70'000)};
  made.read_piece = std::max(made.read_piece, made.body_bytes / 50 + 1);
  made.write_piece = std::max(made.write_piece, made.answer_bytes / 50 + 1);
  if (*rc::gen::inRange(0, 5) == 0)
    made.failure = error{errc::file_read, "no more", "Ask again."};
  made.reads_all = *rc::gen::inRange(0, 6) != 0;
  return made;
}

/// What the asking end does with one of its calls.
struct asker {
  size_t number;
  const order& what;
  std::unique_ptr<link::call> call;
  std::string sent_of = {};
  size_t sent = 0;
  bool done_sending = false;
  std::string got = {};
  bool done = false;
  bool cancelled = false;

  /// A step; false when there is nothing left to do.
  bool step(size_t piece) {
    if (done || cancelled)
      return false;
    if (!done_sending) {
      const auto part = std::string_view(sent_of).substr(sent, piece);
      // An answer that came without all of the body may end the stream.
      if (!part.empty() && !call->write(as_bytes(part)))
        done_sending = true;
      sent += part.size();
      if (!done_sending && sent == sent_of.size()) {
        static_cast<void>(call->end_write());
        done_sending = true;
      }
      return true;
    }
    std::string room(piece, '\0');
    const auto read = call->read(std::as_writable_bytes(std::span(room)));
    if (!read) { // an error may be told before all that came with it
      RC_ASSERT((what.failure && read.failure().code == what.failure->code));
      done = true;
      return false;
    }
    got.append(room, 0, *read);
    done = *read < room.size();
    return true;
  }
};

} // namespace

TEST_CASE(
    "link: streams of any sizes in any pieces arrive whole, whatever is cancelled beside them") {
  for_all(
      [] {
        std::vector<order> orders;
        for (int left = *rc::gen::inRange(1, 9); left > 0; --left)
          orders.push_back(any_order());
        std::atomic<int> wrong = 0;
        // Windows smaller and larger than what is written at once; the server reads what it wants.
        const auto window = *rc::gen::element<uint32_t>(65535, 70000, uint32_t{1} << 20);
        auto client = client_settings();
        client.stream_window_bytes = window;
        client.streams_max = 16;
        link::settings server;
        server.stream_window_bytes = window;
        server.link_window_bytes = 16 * window;
        server.out_bytes = 65536;
        pair_of_ends ends(
            [&](link::exchange& asked) {
              const auto number = number_of(asked.path());
              serve(orders[number], number, asked, wrong);
            },
            client, server);
        std::vector<asker> all;
        for (size_t i = 0; i < orders.size(); ++i) {
          auto call = ends.asking->open("/v1/" + std::to_string(i), "{}");
          RC_ASSERT(static_cast<bool>(call));
          all.push_back({i, orders[i], std::move(*call), pattern(orders[i].body_bytes, i + 1)});
        }
        const bool cancels = *rc::gen::arbitrary<bool>();
        const size_t piece = 20'000 + any_bytes(100'000);
        // One after the other: each waits for the other end at most, never for another stream.
        for (auto& one : all) {
          const bool gives_up = cancels && one.number % 2 == 1;
          for (int steps = 0; one.step(piece); ++steps)
            if (gives_up && steps == static_cast<int>(one.number) / 2) {
              one.call.reset();
              one.cancelled = true;
            }
          if (one.cancelled)
            continue;
          const auto answer = pattern(one.what.answer_bytes, one.number + 1000);
          RC_ASSERT((one.got == answer || (one.what.failure && answer.starts_with(one.got))));
          const auto end = one.call->trailer();
          RC_ASSERT(static_cast<bool>(end) == !one.what.failure.has_value());
          if (!end) {
            RC_ASSERT(end.failure().code == errc::file_read);
            RC_ASSERT(end.failure().hint == "Ask again.");
          }
        }
        RC_ASSERT(wrong == 0);
        RC_ASSERT(!ends.asking->failure());
        // And the link is as good as new.
        auto again = ends.asking->open("/v1/0", "{}");
        RC_ASSERT(static_cast<bool>(again));
      },
      25);
}

TEST_CASE("flood guard: a peer may do what it likes at its pace, and no more") {
  using guard = link::flood_guard;
  using std::chrono::milliseconds;
  for_all(
      [] {
        auto now = guard::clock::time_point();
        guard over(now);
        // The rule, in whole numbers of thousandths: 10000 at once, 1000 a second, one for 4 KiB.
        constexpr int64_t most = 10'000'000;
        int64_t left = most;
        bool refused = false;
        for (int steps = *rc::gen::inRange(1, 40); steps > 0 && !refused; --steps)
          switch (*rc::gen::inRange(0, 3)) {
          case 0: {
            const auto passed = *rc::gen::inRange(0, 3000);
            now += milliseconds(passed);
            left = std::min(most, left + passed * int64_t{1000});
            break;
          }
          case 1: {
            const auto blocks = *rc::gen::inRange<size_t>(0, 3000);
            over.earn(blocks * 4096);
            left = std::min(most, left + static_cast<int64_t>(blocks) * 1000);
            break;
          }
          default:
            for (int frames = *rc::gen::inRange(0, 6000); frames > 0 && !refused; --frames) {
              const bool fine = over.spend(now);
              left -= 1000;
              RC_ASSERT(fine == (left >= 0));
              refused = !fine;
            }
          }
      },
      200);
}

TEST_CASE("frame scanner: of any frames in any pieces each is counted when it is complete") {
  for_all(
      [] {
        struct sent {
          uint8_t type;
          size_t size;
        };
        std::string all(*rc::gen::inRange<size_t>(0, 30), 'P');
        const size_t preface = all.size();
        std::vector<std::pair<size_t, uint8_t>> ends; ///< where each frame ends
        for (int left = *rc::gen::inRange(0, 12); left > 0; --left) {
          const auto type = *rc::gen::element<uint8_t>(0, 1, 4, 9, 10, 255);
          const auto size = *rc::gen::element<size_t>(0, 1, 300, 70'000);
          for (const auto byte : {size >> 16, size >> 8, size, size_t{type}, size_t{0}, size_t{0},
                                  size_t{0}, size_t{0}, size_t{1}})
            all += static_cast<char>(byte & 0xff);
          all += std::string(size, '\0');
          ends.emplace_back(all.size(), type);
        }
        link::frame_scanner scanner(preface);
        size_t data = 0;
        size_t unknown = 0;
        for (size_t at = 0; at < all.size();) {
          const auto piece = *rc::gen::inRange<size_t>(1, 1 + all.size() / 3 + 10);
          const auto counts = scanner.scan(as_bytes(std::string_view(all).substr(at, piece)));
          at = std::min(all.size(), at + piece);
          data += counts.data;
          unknown += counts.unknown;
          size_t data_expected = 0;
          size_t unknown_expected = 0;
          for (const auto& [end, type] : ends) {
            data_expected += end <= at && type == 0 ? 1 : 0;
            unknown_expected += end <= at && type > 9 ? 1 : 0;
          }
          RC_ASSERT(data == data_expected);
          RC_ASSERT(unknown == unknown_expected);
        }
      },
      200);
}

TEST_CASE("peer error: any error arrives as one that can be shown, any bytes as some error") {
  for_all(
      [](const std::string& message, const std::string& hint, const std::string& noise) {
        const auto code = static_cast<errc>(*rc::gen::inRange(1, 256));
        const auto text = link::render_peer_error({code, message, hint});
        RC_ASSERT(std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; }));
        const auto got = link::parse_peer_error(text, client_settings());
        RC_ASSERT(got.code ==
                  (error_name(code) == error_name(errc::unknown) ? errc::unknown : code));
        hostile("control characters and line feeds");
        const auto junk = link::parse_peer_error(noise, client_settings());
        for (const auto* said : {&got, &junk}) {
          RC_ASSERT(said->message.starts_with("raised from remote-0 ssh protocol on 'db1': "));
          for (const char c : said->message + said->hint)
            RC_ASSERT(
                ((static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t') && c != '\x7f'));
        }
        // Plain text is told word for word.
        const bool plain = std::ranges::all_of(
            message, [](unsigned char c) { return c >= ' ' && c < 0x7f && c != '\\'; });
        if (plain)
          RC_ASSERT(got.message.ends_with(message));
      },
      300);
}
