// From a login to sessions.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/open_pool.hpp"

#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "storage/driver/sftp/read_ahead.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::sftp {

namespace {

/// What all sessions of a repository together may have under way, and what files may hold of it
/// beyond their own share.
constexpr size_t window_bytes_all = size_t{32} << 20;

/// Logs in once, until then at the latest.
result<std::shared_ptr<connection>> log_in_once(login to, size_t window_bytes,
                                                session_pool::clock::time_point until) {
  using std::chrono::milliseconds;
  const auto silence = to.limit;
  const auto left = std::chrono::duration_cast<milliseconds>(until - session_pool::clock::now());
  to.limit = std::clamp(left, milliseconds(1), to.limit);
  auto over = log_in(to);
  if (!over)
    return over.failure();
  return connection::open(
      std::move(*over), {.host = to.host, .silence_limit = silence, .window_bytes = window_bytes});
}

} // namespace

std::string pool_name(const login& to) {
  return fmt::format("{}@{}:{} {}", to.user, to.host, to.port, to.private_key_file);
}

result<std::shared_ptr<session_pool>> open_pool(const login& to, const pool_use& with) {
  constexpr size_t window = window_bytes_all / sessions_most;
  const auto open = [to](session_pool::clock::time_point until) {
    return log_in_once(to, window, until);
  };
  auto first = open(session_pool::clock::now() + to.limit);
  if (!first)
    return first.failure();
  const auto sessions = sessions_for(with.workers, (*first)->round_trip());
  log::debug("memory budget: {} for each file that is open, {} for those that a worker completes, "
             "and {} more, over up to {} SFTP session(s) with '{}'",
             format_size(pieces_max * piece_bytes), format_size(with.settling_bytes),
             format_size(window * sessions), sessions, to.host);
  return std::make_shared<session_pool>(std::move(*first), open,
                                        pool_settings{.host = to.host,
                                                      .sessions_max = sessions,
                                                      .workers = with.workers,
                                                      .eager = with.moves_much,
                                                      .spare_bytes = window * sessions,
                                                      .limit = to.limit});
}

} // namespace pgbraid::sftp
