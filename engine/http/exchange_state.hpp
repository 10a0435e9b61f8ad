// A request under way, as the thread of its client sees it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/http/client.hpp"
#include "engine/http/late_curl.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace pgbraid::http {

/// Filled by the thread of the client; others look at it once `ended` is set.
struct exchange_state {
  request asked;
  response answer = {};
  std::atomic<bool> ended{false};
  std::condition_variable changed = {}; ///< who waits holds the mutex of the client
  std::atomic<bool> forgotten{false};
  std::atomic<bool> is_read_meanwhile{false}; ///< somebody takes what comes before the end
  std::mutex* mutex = nullptr;                ///< of the client; guards what follows
  response head_of_some = {};
  std::deque<std::vector<std::byte>> some = {}; ///< of the body, to be taken

  // Of the thread alone:
  CURL* on = nullptr;
  curl_slist* headers = nullptr;
  curl_slist* connect_to = nullptr;
  std::array<char, CURL_ERROR_SIZE> problem = {};
  std::optional<error> refused = {}; ///< why we broke it off
  size_t header_bytes = 0;
  bool head_is_whole = false; ///< of the answer: libcurl takes one that is cut for a short one
  curl_off_t moved_bytes = 0;
  monotonic::time_point moved_at = {};
  monotonic::time_point until = {};
  uint64_t body_bytes = 0; ///< as many as came, also those that were taken
  /// How much of the body had come when it was measured last.
  uint64_t measured_bytes = 0;
  monotonic::time_point measured_at = {};

  /// Tells libcurl what to do.
  void prepare(const client_settings& how);
  /// Takes the outcome from libcurl, and takes back what it was lent.
  void conclude(CURLcode outcome, const client_settings& how);
  /// What was handed out and not taken.
  void put_back_some();
  /// Whether it has to be broken off; `refused` says why.
  bool is_late(monotonic::time_point now, const client_settings& how);

private:
  bool drips(monotonic::time_point now, const client_settings& how);
};

} // namespace pgbraid::http
