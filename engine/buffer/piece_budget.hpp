// What large files may have under way beyond their own share.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <mutex>

namespace pgbraid {

/// A number of pieces for those files that want some, none of which gets more than its equal part
/// while others want some, too. Outlives its parts. Thread-safe.
class piece_budget {
public:
  explicit piece_budget(size_t count) : count_(count), left_(count) {}

  /// What one file has of them. Used by one thread at a time.
  class part {
  public:
    /// @param of  null: there are none
    explicit part(piece_budget* of) : of_(of) {}
    ~part();
    part(const part&) = delete;
    part& operator=(const part&) = delete;
    /// Has so many from here on; false, and as many as before, when more are not to be had.
    bool hold(size_t pieces);

  private:
    piece_budget* const of_;
    bool wants_ = false; ///< is counted
    size_t held_ = 0;
  };

private:
  std::mutex mutex_; ///< guards what follows
  const size_t count_;
  size_t left_;
  size_t parts_ = 0; ///< that want some
};

} // namespace pgbraid
