// A storage whose content moves no faster than a rate allows.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/buffer/rate_limit.hpp"
#include "storage/forwarding_storage.hpp"

#include <mutex>

namespace pgbraid {

/// A rate that several storages, files and threads may share. Thread-safe.
class throttle {
public:
  throttle(uint64_t bytes_per_s, uint64_t burst_bytes) : limit_(bytes_per_s, burst_bytes) {}
  /// Counts bytes and sleeps for as long as they are too many; a stop signal ends the sleep.
  void pass(uint64_t bytes);

private:
  std::mutex mutex_; ///< guards limit_
  rate_limit limit_;
};

/// What is read and written counts, in either direction; names, lists and commits pass freely.
/// Requests go on as they are: what came is waited for before the caller gets it, what goes before
/// it is sent. Nothing is read ahead. As safe to share between threads as what is behind.
class throttled_storage final : public forwarding_storage {
public:
  throttled_storage(std::shared_ptr<storage> base, std::shared_ptr<throttle> with)
      : forwarding_storage(std::move(base)), with_(std::move(with)) {}

  storage_features features() const override {
    auto told = base().features();
    told.reads_ahead = false;
    return told;
  }
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options = {}) override;
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options = {}) override;
  result<std::unique_ptr<io::updater>> open_update(std::string_view path,
                                                   const update_options& options) override;
  result<std::unique_ptr<io::reader>> open_version(std::string_view path, std::string_view id,
                                                   const read_options& options = {}) override;
  void read_small(std::span<small_read> files, io::io_engine* engine) override;
  std::unique_ptr<small_reads_ahead> begin_small(std::vector<small_read> files) override {
    return storage::begin_small(std::move(files));
  }

private:
  const std::shared_ptr<throttle> with_;
};

} // namespace pgbraid
