// One error made of several.
// SPDX-License-Identifier: MIT
#include "engine/base/failures.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgbraid {

void joined_failures::add(const error& what) {
  if (!first_) {
    first_ = what;
    return;
  }
  // A standby and the primary may say the same of a repository.
  if (first_->message.find(what.message) == std::string::npos)
    first_->message += "\n" + what.message;
  if (!what.hint.empty() && first_->hint.find(what.hint) == std::string::npos)
    first_->hint += (first_->hint.empty() ? "" : "\n") + what.hint;
}

void joined_failures::add(unsigned repo_key, const error& what) {
  add(what.within(fmt::format("repo{}", repo_key)));
}

result<void> joined_failures::outcome() const {
  if (first_)
    return *first_;
  return success();
}

bool past_holds::goes_on(const result<void>& done) {
  if (done)
    return true;
  const auto& why = done.failure();
  if (!why_ || (why_->held && !why.held))
    why_ = why;
  return why.held;
}

void repository_errors::add(unsigned repo_key, const error& what) {
  lines_.push_back(fmt::format("repo{}: [{}] {}", repo_key, error_name(what.code), what.text()));
}

void repository_errors::add(const repository_errors& others) {
  lines_.insert(lines_.end(), others.lines_.begin(), others.lines_.end());
}

error repository_errors::all(errc code, std::string_view title) const {
  return {code, fmt::format("{}\n{}", title, fmt::join(lines_, "\n"))};
}

} // namespace pgbraid
