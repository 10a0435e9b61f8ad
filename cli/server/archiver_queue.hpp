// What callers of the resident archiver wait for: handed over between the thread that speaks with
// them and the one that works.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/format/archiver_message.hpp"
#include "engine/io/unique_fd.hpp"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid::cli {

/// A file that one caller waits for.
struct asked_wal {
  uint64_t caller = 0;
  format::archiver_push wal = {};
};

/// As many entries as there are callers, at most. Everything may be called by both threads.
class archiver_queue {
public:
  archiver_queue();

  /// A caller waits from now on.
  void add(asked_wal one);
  /// It is gone; an answer for it goes nowhere.
  void forget(uint64_t caller);
  /// Whoever waits and is not worked for is told that it is done elsewhere, and so is whoever comes
  /// later; `next` returns nothing any more.
  void close(const std::string& why);
  /// Readable while there are answers.
  int answers_descriptor() const { return wake_.get(); }
  std::vector<std::pair<uint64_t, format::archiver_answer>> take_answers();
  /// Whether anybody is worked for.
  bool is_working() const;

  /// Waits for the next one that nobody has answered, until that moment at most. It is worked for
  /// until it is answered.
  std::optional<asked_wal> next(monotonic::time_point until);
  bool is_closed() const;
  /// Answers one caller, unless that was done before.
  void answer(uint64_t caller, const format::archiver_answer& with);
  /// Answers everybody who waits for this file, and, until `end_round`, everybody who comes for it.
  void tell_stored(const std::string& name, const format::archiver_answer& with);
  /// Answers everybody who waits for this file.
  void tell(const std::string& name, const format::archiver_answer& with);
  void end_round();

private:
  void answer_locked(uint64_t caller, const format::archiver_answer& with);
  void tell_locked(const std::string& name, const format::archiver_answer& with);

  io::unique_fd wake_;
  mutable std::mutex mutex_ = {}; ///< guards what follows
  std::condition_variable changed_ = {};
  std::vector<asked_wal> waiting_ = {}; ///< nobody has answered them
  std::optional<uint64_t> worked_for_ = {};
  std::vector<std::pair<uint64_t, format::archiver_answer>> answers_ = {};
  std::map<std::string, format::archiver_answer> stored_ = {};
  std::optional<std::string> closed_ = {};
};

} // namespace pgbraid::cli
