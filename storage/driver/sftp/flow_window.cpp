// Measuring rate and round trip.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/flow_window.hpp"

#include <algorithm>

namespace pgbraid::sftp {

void flow_window::arrive(const departure& of, size_t bytes, clock::time_point now, bool was_full) {
  constexpr double fading = 1.0 / 1024; // the rate of long ago does not count for ever
  constexpr double shortest_s = 1e-6;
  delivered_bytes_ += bytes;
  const double took_s = std::max(std::chrono::duration<double>(now - of.at).count(), shortest_s);
  // Everything that arrived meanwhile counts, not only this request.
  const double rate = static_cast<double>(delivered_bytes_ - of.delivered_bytes) / took_s;
  rate_ = std::max(rate, rate_ * (1 - fading));
  // The shortest of all: what waits on the way because of us must not count as distance.
  round_trip_s_ = round_trip_s_ == 0 ? took_s : std::min(took_s, round_trip_s_);
  const auto fits = fitting(rate_, round_trip_s_);
  bytes_ = was_full ? fits : std::max(bytes_, fits);
}

void flow_window::begin(std::chrono::microseconds round_trip) {
  constexpr double usual_rate = 10e6;
  bytes_ = fitting(usual_rate, std::chrono::duration<double>(round_trip).count());
}

size_t flow_window::fitting(double rate, double round_trip_s) const {
  constexpr double ways = 2; // so that the next round may be quicker than this one
  const double wanted = ways * rate * round_trip_s;
  return static_cast<size_t>(
      std::clamp(wanted, static_cast<double>(least_bytes_), static_cast<double>(most_bytes_)));
}

} // namespace pgbraid::sftp
