// Waiting for bytes that are too many.
// SPDX-License-Identifier: MIT
#include "storage/wrap/throttled_storage.hpp"

namespace pgbraid {

namespace {

class throttled_reader final : public io::reader {
public:
  throttled_reader(std::unique_ptr<io::reader> base, std::shared_ptr<throttle> with)
      : base_(std::move(base)), with_(std::move(with)) {}

  result<size_t> read(byte_span out) override { return passed(base_->read(out)); }
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override {
    return passed(base_->read_at(out, offset_bytes));
  }

private:
  result<size_t> passed(result<size_t> got) {
    if (got)
      with_->pass(*got);
    return got;
  }

  const std::unique_ptr<io::reader> base_;
  const std::shared_ptr<throttle> with_;
};

class throttled_writer final : public io::writer {
public:
  throttled_writer(std::unique_ptr<io::writer> base, std::shared_ptr<throttle> with)
      : base_(std::move(base)), with_(std::move(with)) {}

  result<void> write(byte_view in) override {
    with_->pass(in.size());
    return base_->write(in);
  }
  result<void> begin_commit() override { return base_->begin_commit(); }
  result<bool> committed(bool wait) override { return base_->committed(wait); }

private:
  const std::unique_ptr<io::writer> base_;
  const std::shared_ptr<throttle> with_;
};

class throttled_updater final : public io::updater {
public:
  throttled_updater(std::unique_ptr<io::updater> base, std::shared_ptr<throttle> with)
      : base_(std::move(base)), with_(std::move(with)) {}

  uint64_t kept_bytes() const override { return base_->kept_bytes(); }
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override {
    auto got = base_->read_at(out, offset_bytes);
    if (got)
      with_->pass(*got);
    return got;
  }
  result<void> write_at(byte_view in, uint64_t offset_bytes) override {
    with_->pass(in.size());
    return base_->write_at(in, offset_bytes);
  }
  result<void> begin_commit() override { return base_->begin_commit(); }
  result<bool> committed(bool wait) override { return base_->committed(wait); }

private:
  const std::unique_ptr<io::updater> base_;
  const std::shared_ptr<throttle> with_;
};

result<std::unique_ptr<io::reader>> throttled(result<std::unique_ptr<io::reader>> opened,
                                              const std::shared_ptr<throttle>& with) {
  if (!opened)
    return opened;
  return std::unique_ptr<io::reader>(std::make_unique<throttled_reader>(std::move(*opened), with));
}

} // namespace

void throttle::pass(uint64_t bytes) {
  monotonic::duration wait;
  {
    const std::lock_guard held(mutex_);
    wait = limit_.take(bytes, monotonic::now());
  }
  if (wait > wait.zero())
    sleep_unless_stopped(wait);
}

result<std::unique_ptr<io::reader>> throttled_storage::open_read(std::string_view path,
                                                                 const read_options& options) {
  return throttled(base().open_read(path, options), with_);
}

result<std::unique_ptr<io::reader>> throttled_storage::open_version(std::string_view path,
                                                                    std::string_view id,
                                                                    const read_options& options) {
  return throttled(base().open_version(path, id, options), with_);
}

result<std::unique_ptr<io::writer>> throttled_storage::open_write(std::string_view path,
                                                                  const write_options& options) {
  auto opened = base().open_write(path, options);
  if (!opened)
    return opened;
  return std::unique_ptr<io::writer>(std::make_unique<throttled_writer>(std::move(*opened), with_));
}

result<std::unique_ptr<io::updater>> throttled_storage::open_update(std::string_view path,
                                                                    const update_options& options) {
  auto opened = base().open_update(path, options);
  if (!opened)
    return opened;
  return std::unique_ptr<io::updater>(
      std::make_unique<throttled_updater>(std::move(*opened), with_));
}

void throttled_storage::read_small(std::span<small_read> files, io::io_engine* engine) {
  base().read_small(files, engine);
  uint64_t bytes = 0;
  for (const auto& one : files)
    bytes += one.content.size();
  with_->pass(bytes);
}

} // namespace pgbraid
