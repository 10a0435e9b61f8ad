// Counting calls and bytes.
// SPDX-License-Identifier: MIT
#include "storage/wrap/metered_storage.hpp"

#include <algorithm>
#include <utility>

namespace pgbraid {

namespace {

class metered_reader final : public io::reader {
public:
  metered_reader(std::unique_ptr<io::reader> base, std::shared_ptr<storage_meter> meter)
      : base_(std::move(base)), meter_(std::move(meter)) {}

  result<size_t> read(byte_span out) override {
    const auto begun = monotonic::now();
    return noted(base_->read(out), begun);
  }
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override {
    const auto begun = monotonic::now();
    return noted(base_->read_at(out, offset_bytes), begun);
  }

private:
  result<size_t> noted(result<size_t> got, monotonic::time_point begun) {
    meter_->note(storage_verb::read, !got, got ? *got : 0, monotonic::now() - begun);
    return got;
  }

  const std::unique_ptr<io::reader> base_;
  const std::shared_ptr<storage_meter> meter_;
};

class metered_writer final : public io::writer {
public:
  metered_writer(std::unique_ptr<io::writer> base, std::shared_ptr<storage_meter> meter)
      : base_(std::move(base)), meter_(std::move(meter)) {}

  result<void> write(byte_view in) override {
    const auto begun = monotonic::now();
    auto put = base_->write(in);
    meter_->note(storage_verb::write, !put, put ? in.size() : 0, monotonic::now() - begun);
    return put;
  }
  result<void> begin_commit() override {
    commit_began_ = monotonic::now();
    auto begun = base_->begin_commit();
    meter_->note(storage_verb::sync, !begun, 0, monotonic::now() - commit_began_);
    return begun;
  }
  result<bool> committed(bool wait) override {
    auto done = base_->committed(wait);
    if ((!done || *done) && !std::exchange(ended_, true))
      meter_->note(storage_verb::publish, !done, 0, monotonic::now() - commit_began_);
    return done;
  }

private:
  const std::unique_ptr<io::writer> base_;
  const std::shared_ptr<storage_meter> meter_;
  monotonic::time_point commit_began_ = {};
  bool ended_ = false;
};

class metered_updater final : public io::updater {
public:
  metered_updater(std::unique_ptr<io::updater> base, std::shared_ptr<storage_meter> meter)
      : base_(std::move(base)), meter_(std::move(meter)) {}

  uint64_t kept_bytes() const override { return base_->kept_bytes(); }
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override {
    const auto begun = monotonic::now();
    auto got = base_->read_at(out, offset_bytes);
    meter_->note(storage_verb::read, !got, got ? *got : 0, monotonic::now() - begun);
    return got;
  }
  result<void> write_at(byte_view in, uint64_t offset_bytes) override {
    const auto begun = monotonic::now();
    auto put = base_->write_at(in, offset_bytes);
    meter_->note(storage_verb::write, !put, put ? in.size() : 0, monotonic::now() - begun);
    return put;
  }
  result<void> begin_commit() override {
    const auto at = monotonic::now();
    auto begun = base_->begin_commit();
    meter_->note(storage_verb::sync, !begun, 0, monotonic::now() - at);
    return begun;
  }
  result<bool> committed(bool wait) override { return base_->committed(wait); }

private:
  const std::unique_ptr<io::updater> base_;
  const std::shared_ptr<storage_meter> meter_;
};

result<std::unique_ptr<io::reader>> metered(result<std::unique_ptr<io::reader>> opened,
                                            const std::shared_ptr<storage_meter>& meter) {
  if (!opened)
    return opened;
  return std::unique_ptr<io::reader>(std::make_unique<metered_reader>(std::move(*opened), meter));
}

} // namespace

void storage_meter::note(storage_verb verb, bool failed, uint64_t bytes, monotonic::duration time) {
  const std::lock_guard held(mutex_);
  auto& of = all_[static_cast<size_t>(verb)];
  ++of.requests;
  of.failures += failed ? 1 : 0;
  of.bytes += bytes;
  of.time += time;
}

verb_figures storage_meter::of(storage_verb verb) const {
  const std::lock_guard held(mutex_);
  return all_[static_cast<size_t>(verb)];
}

result<std::unique_ptr<io::reader>> metered_storage::open_read(std::string_view path,
                                                               const read_options& options) {
  return metered(each_verb::open_read(path, options), meter_);
}

result<std::unique_ptr<io::reader>> metered_storage::open_version(std::string_view path,
                                                                  std::string_view id,
                                                                  const read_options& options) {
  return metered(each_verb::open_version(path, id, options), meter_);
}

result<std::unique_ptr<io::writer>> metered_storage::open_write(std::string_view path,
                                                                const write_options& options) {
  auto opened = each_verb::open_write(path, options);
  if (!opened)
    return opened;
  return std::unique_ptr<io::writer>(std::make_unique<metered_writer>(std::move(*opened), meter_));
}

result<std::unique_ptr<io::updater>> metered_storage::open_update(std::string_view path,
                                                                  const update_options& options) {
  auto opened = each_verb::open_update(path, options);
  if (!opened)
    return opened;
  return std::unique_ptr<io::updater>(
      std::make_unique<metered_updater>(std::move(*opened), meter_));
}

void metered_storage::read_small(std::span<small_read> files, io::io_engine* engine) {
  const auto begun = monotonic::now();
  base().read_small(files, engine);
  uint64_t bytes = 0;
  for (const auto& one : files)
    bytes += one.content.size();
  const bool failed =
      std::ranges::any_of(files, [](const auto& one) { return one.failure.has_value(); });
  meter_->note(storage_verb::read, failed, bytes, monotonic::now() - begun);
}

} // namespace pgbraid
