// The sessions of one repository: more when they are full, new ones when they break.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/retry.hpp"
#include "engine/buffer/piece_budget.hpp"
#include "storage/driver/sftp/requests.hpp"

#include <functional>

namespace pgbraid::sftp {

struct pool_settings {
  std::string host; ///< for messages
  size_t sessions_max = 1;
  /// Threads that use them at the same time.
  size_t workers = 1;
  /// All of them are made at once, for a command that will need them.
  bool eager = false;
  /// What files may have under way beyond 4 MiB each, all together.
  size_t spare_bytes = size_t{4} << 20;
  /// An operation that a broken session interrupted is over so long after the break.
  std::chrono::milliseconds limit = std::chrono::seconds(60);
};

/// Hands out sessions. More are made when those that there are have been full, all in the
/// background and at once, so that nobody waits for a login while another session could work.
/// Thread-safe.
class session_pool {
public:
  using clock = monotonic;
  /// Logs in once, until then at the latest. Called by several threads at once.
  using opener = std::function<result<std::shared_ptr<connection>>(clock::time_point until)>;

  /// @param first  a live session
  session_pool(std::shared_ptr<connection> first, opener open, pool_settings with);
  ~session_pool();
  session_pool(const session_pool&) = delete;
  session_pool& operator=(const session_pool&) = delete;

  /// The session with the least to do. When none is left, logs in, again and again until then;
  /// if that fails, nobody tries any more.
  result<std::shared_ptr<connection>> session(clock::time_point until);
  /// A live one, if there is one.
  std::shared_ptr<connection> live();
  /// Every live one, for a file that has more to carry than the sessions that it has.
  std::vector<std::shared_ptr<connection>> all_live();
  piece_budget& spare() { return spare_; }
  const pool_settings& settings() const { return with_; }
  /// Handles that each worker may have open at the same time, beside those of its large files.
  size_t handles_each();
  /// Whether any session speaks this extension; empty when none is left.
  bool offers(std::string_view extension);

private:
  std::shared_ptr<connection> least_loaded();
  void drop_broken();
  void grow_if_full();
  void grow();
  void log_in(clock::time_point until);
  result<std::shared_ptr<connection>> replace(clock::time_point until);
  error why_none();

  const pool_settings with_;
  const opener open_;
  piece_budget spare_;

  std::mutex limits_;                  ///< guards what follows
  std::optional<request> asks_limits_; ///< until the answer is wanted
  size_t handles_each_ = 0;            ///< once it is known

  std::mutex opening_;           ///< held by the one who logs in for all; taken before mutex_
  std::optional<error> gave_up_; ///< why no session was to be had in time; under opening_
  std::mutex mutex_;             ///< guards what follows
  std::vector<std::shared_ptr<connection>> all_;
  size_t growing_ = 0;    ///< threads that log in
  bool grew_ill_ = false; ///< a login in the background failed: no more for now
  std::optional<error> last_break_;
  std::optional<error> untold_break_; ///< the last break of which no log line tells
  std::vector<std::thread> growth_;
};

/// Servers look askance at more logins at once.
inline constexpr size_t sessions_most = 8;

/// How many sessions a repository is worth. One carries what one core encrypts; where it is far, no
/// more than the server's window for each round trip (OpenSSH: 2 MiB), so that several are needed
/// to fill the way.
/// @param workers  that use them at the same time
size_t sessions_for(size_t workers, std::chrono::microseconds round_trip);

/// How many handles each worker may have open, so that one session has enough for all of them: the
/// server may refuse others, or they may break. A quarter is left for large files.
/// @param of_session  what the server grants, if it says so; OpenSSH mostly about 1000
size_t handles_for(size_t workers, std::optional<uint64_t> of_session);

/// One operation, as often as sessions break under it and time is left.
class session_retry {
public:
  explicit session_retry(session_pool& pool);
  /// The session for the next try; after the second break there is a pause first.
  result<std::shared_ptr<connection>> session();
  /// Whether what failed is worth another try: this session broke, and time is left.
  bool worth_another(const connection& used);
  /// More than the first.
  bool again() const { return tries_.failures() > 0; }

private:
  session_pool& pool_;
  retry tries_; ///< the failures are breaks
};

/// Runs `operation(session, again)` until it is done, or fails for another reason than a break.
template <class Operation> auto with_session(session_pool& pool, Operation operation) {
  session_retry tries(pool);
  using outcome = decltype(operation(std::shared_ptr<connection>(), false));
  while (true) {
    auto on = tries.session();
    if (!on)
      return outcome(on.failure());
    auto done = operation(*on, tries.again());
    if (done || !tries.worth_another(**on))
      return done;
  }
}

/// Runs `step()` of a file that is open in a session until it is done, or fails for another reason
/// than a break. After one, `resume(session)` opens the file anew; whatever comes of that, the
/// session is from then on the one that `current()` returns.
template <class Current, class Step, class Resume>
auto through_breaks(session_pool& pool, Current current, Step step, Resume resume) {
  session_retry tries(pool);
  auto done = step();
  while (!done && tries.worth_another(current())) {
    auto on = tries.session();
    if (!on)
      return decltype(done)(on.failure());
    if (auto resumed = resume(*on); resumed)
      done = step();
    else
      done = resumed.failure();
  }
  return done;
}

} // namespace pgbraid::sftp
