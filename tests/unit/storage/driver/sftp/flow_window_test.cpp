// How much is under way on short, long and changing ways.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/flow_window.hpp"

#include <doctest/doctest.h>

#include <deque>

using namespace pgbraid::sftp;

namespace {

constexpr size_t least_bytes = size_t{256} << 10;
constexpr size_t most_bytes = size_t{16} << 20;
constexpr size_t piece = 32768;

/// A way that carries one piece after the other at its rate, and holds each for its round trip;
/// time is made up.
class way {
public:
  void carry(flow_window& window, double rate, double round_trip_s, int pieces) {
    for (int i = 0; i < pieces; ++i) {
      while (under_way_.size() * piece < window.bytes()) {
        free_s_ = std::max(free_s_, now_s_) + piece / rate;
        under_way_.push_back({window.leave(at(now_s_)), free_s_ + round_trip_s});
      }
      now_s_ = std::max(now_s_, under_way_.front().arrives_s);
      window.arrive(under_way_.front().left, piece, at(now_s_), true);
      under_way_.pop_front();
    }
  }

private:
  struct one {
    flow_window::departure left;
    double arrives_s;
  };
  static flow_window::clock::time_point at(double seconds) {
    return flow_window::clock::time_point(std::chrono::duration_cast<flow_window::clock::duration>(
        std::chrono::duration<double>(seconds)));
  }
  double now_s_ = 1;
  double free_s_ = 0; ///< when the way takes the next piece
  std::deque<one> under_way_;
};

} // namespace

TEST_CASE("sftp flow: a long way is filled, a short one is not flooded") {
  flow_window window(least_bytes, most_bytes);
  way there;
  there.carry(window, 50e6, 0.095, 3000);
  const double held_bytes = 50e6 * 0.095;
  CHECK(window.bytes() > held_bytes);
  CHECK(window.bytes() < 3 * held_bytes);

  flow_window near(least_bytes, most_bytes);
  way here;
  here.carry(near, 500e6, 0.0001, 3000);
  CHECK(near.bytes() == least_bytes);
}

TEST_CASE("sftp flow: before the first piece the round trip says how much to begin with") {
  using std::chrono::milliseconds;
  flow_window window(least_bytes, most_bytes);
  CHECK(window.bytes() == least_bytes);
  window.begin(milliseconds(100));
  CHECK(window.bytes() == 2'000'000);
  const auto now = flow_window::clock::time_point(std::chrono::seconds(1));
  window.arrive(window.leave(now), 300, now + milliseconds(100), false); // was asked for no more
  CHECK(window.bytes() == 2'000'000);
  window.arrive(window.leave(now), 300, now + milliseconds(100), true);
  CHECK(window.bytes() == least_bytes);
  window.begin(milliseconds(1));
  CHECK(window.bytes() == least_bytes);
  window.begin(milliseconds(60000));
  CHECK(window.bytes() == most_bytes);
}

TEST_CASE("sftp flow: limits hold, and a slower way is noticed") {
  flow_window window(least_bytes, most_bytes);
  way there;
  there.carry(window, 5e9, 0.3, 20000);
  CHECK(window.bytes() == most_bytes);
  there.carry(window, 1e6, 0.3, 20000);
  CHECK(window.bytes() < most_bytes / 8);
}
