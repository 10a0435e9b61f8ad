// expire: how files go, and what stays because the store holds it.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/repository/repository.hpp"

#include <optional>
#include <span>
#include <string>

namespace pgbraid {

/// The removals of one run. What an object store holds, by a retention policy or by a legal hold,
/// is passed over: it goes with a later run, once it may.
class removals {
public:
  /// @param dry_run  nothing goes
  removals(repository& in, bool dry_run) : in_(in), dry_run_(dry_run) {}

  result<void> files(std::span<const std::string> paths);
  result<void> tree(const std::string& path);
  /// The outcome of a removal that somebody else made, without the holds.
  result<void> without_holds(result<void> gone);
  /// Says in one line what was held and until when, if anything was.
  void tell() const;

private:
  repository& in_;
  const bool dry_run_;
  std::optional<error> first_ = {}; ///< hold
  size_t further_ = 0;
};

} // namespace pgbraid
