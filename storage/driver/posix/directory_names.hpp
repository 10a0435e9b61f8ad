// The names in an open directory, and the first ones of many.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid {

/// Calls `take` with each name but `.` and `..`, as the system gives them, until it says no.
/// @returns 0 or errno
int each_name(int directory_fd, const std::function<bool(const char*)>& take);

/// Keeps the first names behind another one, in memory for no more than twice as many.
class first_names {
public:
  /// @param count  how many, at least 1
  first_names(std::string_view after, size_t count) : after_(after), count_(count) {}
  void add(std::string_view name);
  /// Sorts them. @returns whether there were more
  bool finish();
  std::vector<std::string>& all() { return all_; }

private:
  void cut();

  const std::string after_;
  const size_t count_;
  std::vector<std::string> all_ = {};
  bool more_ = false;
};

} // namespace pgbraid
