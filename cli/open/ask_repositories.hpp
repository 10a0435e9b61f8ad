// The same question to several repositories of the options at the same time.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/open/whereabouts.hpp"
#include "engine/base/result.hpp"
#include "engine/base/side_by_side.hpp"
#include "engine/config/options.hpp"
#include "storage/repository/open_repository.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace pgbraid::cli {

/// Asks these repositories and waits for all of them, each by its own limits and by
/// protocol-timeout at the latest. The answers come in the order of the positions.
/// @param question  owns what it has captured
template <class T>
std::vector<repository_answer<T>>
ask_repositories(const config::options& opts, const std::vector<size_t>& positions,
                 std::function<result<T>(const config::options&, size_t)> question) {
  const auto own = std::make_shared<const config::options>(opts);
  std::vector<std::function<result<T>()>> questions;
  for (const auto position : positions)
    questions.push_back([own, question, position] { return question(*own, position); });
  auto answers =
      ask_all<T>(std::move(questions), std::chrono::milliseconds(opts.time_ms("protocol-timeout")));
  std::vector<repository_answer<T>> out;
  for (size_t i = 0; i < answers.size(); ++i)
    out.push_back({.key = opts.repo_key(positions[i]), .said = std::move(answers[i])});
  return out;
}

/// Opens all repositories that the command works on (`repository_positions`).
std::vector<repository_answer<open_repository>> open_each(const config::options& opts);

} // namespace pgbraid::cli
