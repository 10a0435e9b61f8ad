// Reading a stored file to its end, and comparing it with what it should be.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/format/manifest.hpp"
#include "engine/graph/task.hpp"
#include "engine/report/verified_stanza.hpp"
#include "storage/repository/shared_bytes.hpp"
#include "storage/storage.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid::verify {

enum class stored_state : uint8_t { sound, missing, wrong_content, wrong_size, unreadable };

void count(report::verified_files& to, stored_state state);
/// A line of the log about a file that is not sound.
/// @param path    below the archive, or the backups
/// @param member  of a bundle: what is said of it behind the path
/// @param why     of one that is unreadable
void tell_damage(const std::string& path, const std::string& member, stored_state state,
                 const error& why);

/// What is to be read, and what should come out of the graph.
struct stored_wish {
  std::string path; ///< relative to the root of the repository
  uint64_t offset_bytes = 0;
  std::optional<uint64_t> limit_bytes = {}; ///< stored; none: to the end of the file
  uint64_t stored_bytes = 0;                ///< so many should be there; 0: not known
  bool raw_container = false;
  format::sha1_bytes checksum = {};
  std::optional<uint64_t> size_bytes = {}; ///< none: any
  /// Of what comes out; where more comes, nobody waits for the end.
  uint64_t most_bytes = UINT64_MAX;
  size_t head_bytes = 0; ///< so much of the begin is kept
  /// Stored bytes of a batch; null: it is read on its own.
  std::shared_ptr<shared_bytes> together = {};
  size_t position = 0; ///< in the batch
};

/// A failure that is about the file becomes its state; one that means that the repository is gone,
/// or that the command is to end, ends the run.
class read_back : public graph::task {
public:
  read_back(storage& in, stored_wish wish) : in_(in), wish_(std::move(wish)) {}

  result<bool> open(const graph::worker_tools& tools) override;
  std::unique_ptr<codec::stream> open_stream(codec::kernel& kernel) override;
  result<size_t> read(byte_span out) override;
  result<void> write(byte_view in) override;
  result<void> finish(const graph::file_streams& streams) override;
  result<bool> settled(bool) override { return true; }
  bool put_aside(const error& why) override;
  std::string name() const override { return wish_.path; }

  // Once it is settled.

  stored_state state() const { return state_; }
  const error& why() const { return why_; } ///< of one that is unreadable
  uint64_t bytes() const { return bytes_; } ///< that came out
  byte_view head() const { return head_; }

private:
  storage& in_;
  stored_wish wish_;
  std::unique_ptr<io::reader> source_;
  byte_view stored_ = {}; ///< what is left of the batch's bytes
  uint64_t bytes_ = 0;
  std::vector<std::byte> head_;
  stored_state state_ = stored_state::sound;
  error why_;
};

/// Deals what somebody makes, and hands it back with its state.
class read_back_job final : public graph::job {
public:
  using maker = std::function<graph::task_list()>;     ///< for `deal`
  using taker = std::function<void(const read_back&)>; ///< one at a time
  read_back_job(maker make, taker take) : make_(std::move(make)), take_(std::move(take)) {}

  graph::task_list deal() override { return make_(); }
  result<void> settled(graph::task& done) override;

private:
  maker make_;
  taker take_;
};

} // namespace pgbraid::verify
