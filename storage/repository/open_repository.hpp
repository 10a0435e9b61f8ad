// Repositories that are opened when they are needed, several at the same time.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/base/side_by_side.hpp"
#include "storage/repository/repository.hpp"
#include "storage/storage.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace pgbraid {

/// A repository: its storage and the stanza's part of it. Moves freely.
struct open_repository {
  std::unique_ptr<storage> files;
  std::unique_ptr<repository> stanza;
  bool here = true;    ///< its files are open in this process: not over a network
  size_t position = 0; ///< of whoever opened it: for options of this repository

  repository* operator->() const { return stanza.get(); }
  repository& operator*() const { return *stanza; }
};

/// A repository that can be opened, as often as need be and in any thread; owns what that takes.
struct repository_door {
  unsigned key = 1; ///< N of repoN
  std::function<result<open_repository>()> open;
  /// After a broken connection the next `open` makes a new one. Not where locks are held over it:
  /// they are gone with it.
  std::function<void()> reconnect = [] {};
};

/// What one repository answered, or why it did not.
template <class T> struct repository_answer {
  unsigned key = 0;
  result<T> said;
};

/// Opens all of them and asks each the same thing, side by side. Each has its own limits, and
/// `limit` at the latest. The answers come in the order of the doors.
/// @param ask  `result<T>(open_repository)`; owns what it has captured
template <class T, class Ask>
std::vector<repository_answer<T>> ask_repositories(const std::vector<repository_door>& doors,
                                                   Ask ask, std::chrono::milliseconds limit) {
  std::vector<std::function<result<T>()>> questions;
  for (const auto& door : doors) {
    questions.push_back([open = door.open, ask]() -> result<T> {
      auto repo = open();
      if (!repo)
        return repo.failure();
      return ask(std::move(*repo));
    });
  }
  auto answers = ask_all<T>(std::move(questions), limit);
  std::vector<repository_answer<T>> out;
  for (size_t i = 0; i < answers.size(); ++i)
    out.push_back({.key = doors[i].key, .said = std::move(answers[i])});
  return out;
}

} // namespace pgbraid
