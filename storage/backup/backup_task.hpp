// One file of a backup on its way into the repository.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/digest.hpp"
#include "engine/codec/page_check.hpp"
#include "storage/backup/backup_job.hpp"
#include "storage/backup/bundle_file.hpp"
#include "storage/backup/small_files.hpp"

namespace pgbraid {

enum class task_outcome : uint8_t { stored, empty, vanished };

/// Where the file comes from and goes to.
struct backup_route {
  uint32_t file_index = 0;
  std::string name; ///< in the manifest
  cluster_file source;
  /// No more than this is read: files that a running cluster extends stop at the size of the walk.
  std::optional<uint64_t> limit_bytes = {};
  uint64_t expected_bytes = 0;
  bool check_pages = false;
  std::string target_path = {};             ///< when stored alone
  std::shared_ptr<bundle_file> bundle = {}; ///< when bundled
  size_t member = 0;                        ///< its place in the bundle
  uint64_t bundle_id = 0;
  std::shared_ptr<small_files> prefetch = {};
  size_t prefetch_index = 0;
};

class backup_task final : public graph::task {
public:
  backup_task(const backup_job& of, backup_route route) : job_(of), route_(std::move(route)) {}

  result<bool> open(const graph::worker_tools& tools) override;
  result<size_t> read(byte_span out) override;
  std::unique_ptr<codec::stream> open_stream(size_t position, codec::kernel& kernel) override;
  bool ready_to_write(std::chrono::milliseconds wait) override;
  result<void> write(byte_view in) override;
  result<void> finish(std::span<const std::unique_ptr<codec::stream>> streams) override;
  result<bool> settled(bool wait) override;
  std::string name() const override { return route_.name; }

  const backup_route& route() const { return route_; }

  // What was learned; valid once settled.
  task_outcome outcome = task_outcome::stored;
  uint64_t plain_bytes = 0;
  uint64_t stored_bytes = 0;
  uint64_t bundle_offset_bytes = 0;
  codec::sha1_digest checksum{};
  std::optional<codec::sha1_digest> repo_checksum = {};
  std::optional<codec::page_verdict> pages = {};

private:
  result<bool> open_source(const graph::worker_tools& tools);
  result<bool> leave_out(task_outcome how);
  result<size_t> read_again(byte_span out, uint64_t offset_bytes) const;

  const backup_job& job_;
  backup_route route_;
  std::unique_ptr<io::reader> reader_;
  std::shared_ptr<const std::vector<std::byte>> prefetched_;
  std::optional<byte_view> content_; ///< of `prefetched_`, or of pg_control
  size_t content_read_ = 0;
  std::unique_ptr<io::writer> writer_;
};

} // namespace pgbraid
