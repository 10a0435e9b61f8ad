// A request that is sent again while another try may help.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/retry.hpp"
#include "engine/http/client.hpp"

#include <functional>
#include <memory>

namespace pgbraid::http {

/// Whether an answer says that the same may succeed a little later: 408, 429, 499 and 5xx.
bool is_busy(int status);
/// What `Retry-After` asks for, in seconds; empty when it asks for nothing that is understood.
std::optional<std::chrono::seconds> retry_after(const response& answer);
/// What is told of an answer that is no success: `HTTP request failed with 403 (Forbidden)`, what
/// was asked (without headers, which hold secrets) and the beginning of what was told. `protocol`
/// (39), or `service` (101) for who was busy until the end.
error failure_of(const request& asked, const response& answer, std::string_view told);

/// Sends at once; whoever waits sends again. Of one thread.
class tried_request {
public:
  /// Makes the request, each time anew: signatures have a time.
  using maker = std::function<result<request>()>;
  /// Keeps what came of an answer that broke; returns whether there was anything, so that the next
  /// request asks for the rest only and the time begins anew.
  using keeper = std::function<bool(response& broken)>;

  /// @param limit  of all tries, from the first failure on
  tried_request(std::shared_ptr<client> over, maker make, std::chrono::milliseconds limit,
                keeper keep = {});

  bool has_come() const { return failed_ || under_way_.has_ended(); }
  /// Waits so long at most. What `has_come` says then.
  bool comes_within(std::chrono::milliseconds how_long) {
    return failed_ || under_way_.ends_within(how_long);
  }
  /// As of `exchange`, of the try that is under way: after a break the rest comes as a whole.
  response take_some(std::chrono::milliseconds how_long) {
    return failed_ ? response() : under_way_.take_some(how_long);
  }
  /// An answer that came whole, of any status that is not worth another try. Fails with what the
  /// last try failed with.
  result<response> wait();
  /// How often it was sent.
  unsigned sent() const { return sent_; }

private:
  void send();
  retry_policy policy() const;
  result<void> pause_before_next(const error& why, std::optional<std::chrono::seconds> wanted);

  const std::shared_ptr<client> over_;
  const maker make_;
  const std::chrono::milliseconds limit_;
  const keeper keep_;
  std::optional<retry> tries_;
  std::optional<error> failed_; ///< of making the request
  request asked_;               ///< the last, without its body
  exchange under_way_;
  unsigned sent_ = 0;
};

} // namespace pgbraid::http
