// A storage that counts what is asked of it, what moves, and how long it takes.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "storage/wrap/each_verb.hpp"

#include <array>
#include <mutex>

namespace pgbraid {

/// What one verb came to.
struct verb_figures {
  uint64_t requests = 0; ///< failures included
  uint64_t failures = 0;
  uint64_t bytes = 0;            ///< of content that was moved
  monotonic::duration time = {}; ///< of all requests together, side by side or not
};

/// Figures that several storages may share. Thread-safe.
class storage_meter {
public:
  void note(storage_verb verb, bool failed, uint64_t bytes, monotonic::duration time);
  verb_figures of(storage_verb verb) const;

private:
  mutable std::mutex mutex_; ///< guards what follows
  std::array<verb_figures, storage_verbs> all_ = {};
};

/// A request is one call, however many names it has: a batch of small files is one `read`. `sync`
/// is every beginning of a commit; `publish` is its end, with the time since it began. As safe to
/// share between threads as what is behind.
class metered_storage final : public each_verb<metered_storage> {
public:
  metered_storage(std::shared_ptr<storage> base, std::shared_ptr<storage_meter> meter)
      : each_verb(std::move(base)), meter_(std::move(meter)) {}

  template <class Call> auto around(storage_verb verb, std::string_view, Call call) {
    const auto begun = monotonic::now();
    auto done = call();
    meter_->note(verb, !done, 0, monotonic::now() - begun);
    return done;
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

private:
  const std::shared_ptr<storage_meter> meter_;
};

} // namespace pgbraid
