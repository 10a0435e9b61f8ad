// Keys that somebody else gives, for a while.
// Source: "Process credential provider", "IMDSv2", "AssumeRoleWithWebIdentity" and "Container
// credential provider" in Amazon's documentation.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "storage/driver/s3/s3_settings.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

namespace pgbraid::s3 {

struct lent_credentials {
  credentials keys = {};
  std::optional<int64_t> until_s = {}; ///< since 1970; empty: they do not end
};

/// Asks the lender. Fails with `protocol` (39) when it refuses or is not understood, `execute`
/// (102) for a command that fails, `host_connect` and others as `http::tried_request` does; nothing
/// of what a lender answers is shown, since it may be a secret, but what a command says of its
/// failure.
result<lent_credentials> borrow(const lender& from);

/// What is lent now: asked for when it is needed, and again before it ends. Thread-safe.
class credential_source {
public:
  using ask = std::function<result<lent_credentials>()>;
  /// @param from  null: these stay as they are
  credential_source(credentials keys, ask from) : from_(std::move(from)), now_{std::move(keys)} {}

  /// Fails as the lender does, when nothing is left that still holds.
  result<credentials> current();
  /// The store says that those with this access key hold no more. Returns whether others may be
  /// had.
  bool refused(const secret& access_key);

private:
  bool is_due() const;

  std::mutex mutex_;
  const ask from_;
  lent_credentials now_;
  int64_t since_s_ = 0;      ///< when these came
  int64_t not_before_s_ = 0; ///< the lender is asked again
  bool have_ = false;
};

} // namespace pgbraid::s3
