// One error made of several: each repository or cluster is worked on, whatever becomes of the
// others. SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid {

/// What went wrong with several repositories or clusters, as the messages say it, one below the
/// other; what was said already is not said again.
class joined_failures {
public:
  void add(const error& what);
  /// The same, with the repository's name before it.
  void add(unsigned repo_key, const error& what);
  bool empty() const { return !first_; }
  /// The code is that of the first.
  result<void> outcome() const;

private:
  std::optional<error> first_ = {};
};

/// Files of which each is to be removed: what is held (`error::held`) does not keep the others.
class past_holds {
public:
  /// Whether the next one is to be tried: this one is gone, or held.
  bool goes_on(const result<void>& done);
  /// Fails with what ended it, otherwise with the first hold.
  result<void> outcome() const { return why_ ? result<void>(*why_) : success(); }

private:
  std::optional<error> why_ = {};
};

/// Errors of several repositories: `repo2: [FileWriteError] text`, one per line.
class repository_errors {
public:
  void add(unsigned repo_key, const error& what);
  void add(const repository_errors& others);
  bool empty() const { return lines_.empty(); }
  const std::vector<std::string>& lines() const { return lines_; }
  /// One error that lists them all.
  error all(errc code, std::string_view title) const;

private:
  std::vector<std::string> lines_;
};

} // namespace pgbraid
