// Asking the plan first.
// SPDX-License-Identifier: MIT
#include "storage/wrap/faulty_storage.hpp"

#include <algorithm>
#include <cassert>

namespace pgbraid {

namespace {

class faulty_reader final : public io::reader {
public:
  faulty_reader(std::unique_ptr<io::reader> base, std::string path,
                std::shared_ptr<fault_plan> plan)
      : base_(std::move(base)), path_(std::move(path)), plan_(std::move(plan)) {}

  result<size_t> read(byte_span out) override {
    if (auto fault = plan_->trip(storage_verb::read, path_))
      return std::move(fault->failure);
    return base_->read(out);
  }
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override {
    if (auto fault = plan_->trip(storage_verb::read, path_))
      return std::move(fault->failure);
    return base_->read_at(out, offset_bytes);
  }

private:
  const std::unique_ptr<io::reader> base_;
  const std::string path_;
  const std::shared_ptr<fault_plan> plan_;
};

class faulty_writer final : public io::writer {
public:
  faulty_writer(std::unique_ptr<io::writer> base, std::string path, const write_options& options,
                std::shared_ptr<fault_plan> plan)
      : base_(std::move(base)), path_(std::move(path)), sync_(options.sync && !options.sync_later),
        atomic_(options.how == publish::atomic), plan_(std::move(plan)) {}

  result<void> write(byte_view in) override;
  result<void> begin_commit() override;
  result<bool> committed(bool wait) override;

private:
  error remember(error what) {
    failure_ = what;
    return what;
  }

  const std::unique_ptr<io::writer> base_;
  const std::string path_;
  const bool sync_;
  const bool atomic_;
  const std::shared_ptr<fault_plan> plan_;
  std::optional<error> failure_ = {};
  bool asked_ = false;
};

result<void> faulty_writer::write(byte_view in) {
  if (failure_)
    return *failure_;
  auto fault = plan_->trip(storage_verb::write, path_);
  if (!fault)
    return base_->write(in);
  if (auto kept = base_->write(in.first(std::min(in.size(), fault->keep_bytes))); !kept)
    return kept;
  return remember(std::move(fault->failure));
}

result<void> faulty_writer::begin_commit() {
  if (failure_)
    return *failure_;
  if (sync_)
    if (auto fault = plan_->trip(storage_verb::sync, path_))
      return remember(std::move(fault->failure));
  return atomic_ ? success() : base_->begin_commit();
}

result<bool> faulty_writer::committed(bool wait) {
  if (failure_)
    return *failure_;
  if (atomic_ && !std::exchange(asked_, true)) {
    if (auto fault = plan_->trip(storage_verb::publish, path_))
      return remember(std::move(fault->failure));
    if (auto begun = base_->begin_commit(); !begun)
      return remember(begun.failure());
  }
  return base_->committed(wait);
}

class faulty_updater final : public io::updater {
public:
  faulty_updater(std::unique_ptr<io::updater> base, std::string path, bool sync,
                 std::shared_ptr<fault_plan> plan)
      : base_(std::move(base)), path_(std::move(path)), sync_(sync), plan_(std::move(plan)) {}

  uint64_t kept_bytes() const override { return base_->kept_bytes(); }
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override {
    if (auto fault = plan_->trip(storage_verb::read, path_))
      return std::move(fault->failure);
    return base_->read_at(out, offset_bytes);
  }
  result<void> write_at(byte_view in, uint64_t offset_bytes) override {
    auto fault = plan_->trip(storage_verb::write, path_);
    if (!fault)
      return base_->write_at(in, offset_bytes);
    const auto kept = in.first(std::min(in.size(), fault->keep_bytes));
    if (auto put = base_->write_at(kept, offset_bytes); !put)
      return put;
    return std::move(fault->failure);
  }
  result<void> begin_commit() override {
    if (sync_)
      if (auto fault = plan_->trip(storage_verb::sync, path_))
        return std::move(fault->failure);
    return base_->begin_commit();
  }
  result<bool> committed(bool wait) override { return base_->committed(wait); }

private:
  const std::unique_ptr<io::updater> base_;
  const std::string path_;
  const bool sync_;
  const std::shared_ptr<fault_plan> plan_;
};

} // namespace

result<std::unique_ptr<io::reader>>
faulty_storage::guarded(std::string_view path, result<std::unique_ptr<io::reader>> opened) const {
  if (!opened)
    return opened;
  return std::unique_ptr<io::reader>(
      std::make_unique<faulty_reader>(std::move(*opened), std::string(path), plan_));
}

result<std::unique_ptr<io::reader>> faulty_storage::open_read(std::string_view path,
                                                              const read_options& options) {
  return guarded(path, each_verb::open_read(path, options));
}

result<std::unique_ptr<io::reader>> faulty_storage::open_version(std::string_view path,
                                                                 std::string_view id,
                                                                 const read_options& options) {
  return guarded(path, each_verb::open_version(path, id, options));
}

result<std::unique_ptr<io::writer>> faulty_storage::open_write(std::string_view path,
                                                               const write_options& options) {
  auto opened = each_verb::open_write(path, options);
  if (!opened)
    return opened;
  return std::unique_ptr<io::writer>(
      std::make_unique<faulty_writer>(std::move(*opened), std::string(path), options, plan_));
}

result<std::unique_ptr<io::updater>> faulty_storage::open_update(std::string_view path,
                                                                 const update_options& options) {
  auto opened = each_verb::open_update(path, options);
  if (!opened)
    return opened;
  return std::unique_ptr<io::updater>(
      std::make_unique<faulty_updater>(std::move(*opened), std::string(path), options.sync, plan_));
}

faulty_storage::reach faulty_storage::reach_of(storage_verb verb,
                                               std::span<const std::string> paths) {
  for (size_t i = 0; i < paths.size(); ++i)
    if (auto fault = plan_->trip(verb, paths[i]))
      return {i, std::move(fault->failure)};
  return {paths.size(), {}};
}

result<std::vector<std::optional<entry_info>>>
faulty_storage::many_infos(std::span<const std::string> paths) {
  if (const auto far = reach_of(storage_verb::info, paths); far.then)
    return *far.then;
  return base().many_infos(paths);
}

result<void> faulty_storage::make_many_paths(std::span<const std::string> paths, uint32_t mode) {
  const auto far = reach_of(storage_verb::make_path, paths);
  auto made = base().make_many_paths(paths.first(far.count), mode);
  return made && far.then ? result<void>(*far.then) : made;
}

result<void> faulty_storage::remove_files(std::span<const std::string> paths) {
  const auto far = reach_of(storage_verb::remove, paths);
  auto gone = base().remove_files(paths.first(far.count));
  return gone && far.then ? result<void>(*far.then) : gone;
}

result<void> faulty_storage::sync_many_paths(std::span<const std::string> paths) {
  const auto far = reach_of(storage_verb::sync_path, paths);
  auto synced = base().sync_many_paths(paths.first(far.count));
  return synced && far.then ? result<void>(*far.then) : synced;
}

void faulty_storage::read_small(std::span<small_read> files, io::io_engine* engine) {
  std::vector<small_read> fine;
  std::vector<small_read*> owners;
  for (auto& one : files) {
    auto fault = plan_->trip(storage_verb::open_read, one.path);
    if (!fault)
      fault = plan_->trip(storage_verb::read, one.path);
    one.content.clear();
    one.failure.reset();
    if (fault) {
      one.failure = std::move(fault->failure);
      continue;
    }
    fine.push_back(
        {.path = one.path, .limit_bytes = one.limit_bytes, .offset_bytes = one.offset_bytes});
    owners.push_back(&one);
  }
  base().read_small(fine, engine);
  for (size_t i = 0; i < fine.size(); ++i) {
    owners[i]->content = std::move(fine[i].content);
    owners[i]->failure = std::move(fine[i].failure);
  }
}

} // namespace pgbraid
