// A file that another host has read, packed and checked: only its final bytes come here.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/block_copy.hpp"
#include "actors/backup/copy_answer.hpp"
#include "actors/backup/local_fallback.hpp"
#include "actors/backup/source_set.hpp"
#include "engine/base/retry.hpp"

#include <atomic>

namespace pgbraid {

/// The reading half is used by one thread at a time, `begun_at` by any.
class remote_file {
public:
  virtual ~remote_file() = default;
  /// As of `graph::task`.
  virtual bool readable(std::chrono::milliseconds wait) = 0;
  virtual result<size_t> read(byte_span out) = 0;
  /// Of all bytes that `read` ever gave, those before this number belong to attempts that failed:
  /// whoever wrote them must begin again.
  uint64_t begun_at() const { return begun_at_; }
  /// Valid after the end.
  virtual const copy_results& results() const = 0;
  /// The source that gave it in the end; valid after the end.
  virtual size_t source() const = 0;

protected:
  std::atomic<uint64_t> begun_at_{0};
};

/// What is asked for, and which sources may have it.
struct remote_wish {
  wire::copied_file file;
  bool for_standby = false;
  /// Of a file in blocks; else null.
  std::shared_ptr<block_copy> blocks = {};
};
/// How the file is asked for: with what its blocks are compared with, as far as it is read. Valid
/// as long as the wish is; its blocks have begun.
/// @param limit_bytes  no more of the file comes
asked_file request_of(const remote_wish& wish, uint64_t limit_bytes);

/// Work on one source that a connection broke off: two further tries. When a network fails all
/// connections do; those that break within a second are one.
inline constexpr retry_policy source_retry{
    .tries = 2, .as_one = std::chrono::seconds(1), .hears_stop = false};

/// What comes after work on a source failed: another try there, or, when there were enough, another
/// source in `lease`. Fails when there is nobody left to ask, or when the failure is the file's
/// own.
/// @param broken  the failure is that of the connection
result<void> try_again(source_set& of, source_lease& lease, retry& tries, const remote_wish& wish,
                       bool broken, const error& why);

/// A file with a stream of its own. When a connection breaks it is begun again, on the same source
/// or, when that is lost, on another, which may be this host.
class remote_stream final : public remote_file {
public:
  /// @param may_begin  the request is made when this says so: members of a bundle wait for their
  ///                   turn, so that no stream is open that nobody can read
  remote_stream(source_set& of, const codec::file_rules& rules, source_lease lease,
                remote_wish wish, std::function<bool()> may_begin);
  ~remote_stream() override;

  bool readable(std::chrono::milliseconds wait) override;
  result<size_t> read(byte_span out) override;
  const copy_results& results() const override { return results_; }
  size_t source() const override { return source_; }

private:
  result<void> begin();
  result<void> begin_again(error why, bool broken);
  result<size_t> fill(byte_span out);

  source_set& of_;
  const codec::file_rules& rules_;
  source_lease lease_;
  const remote_wish wish_;
  const std::function<bool()> may_begin_;
  std::optional<copy_answer> answer_;
  std::unique_ptr<local_fallback> here_;
  retry tries_{source_retry};
  uint64_t given_bytes_ = 0;
  bool ended_ = false;
  std::optional<error> failure_ = {}; ///< of beginning
  copy_results results_;
  size_t source_ = 0;
};

} // namespace pgbraid
