// The contract over a pool of sessions.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/sftp_storage.hpp"

#include "engine/io/temporary_name.hpp"
#include "storage/driver/sftp/sftp_reader.hpp"
#include "storage/driver/sftp/sftp_writer.hpp"
#include "storage/driver/sftp/small_reads.hpp"
#include "storage/driver/sftp/verbs.hpp"
#include "storage/storage_path.hpp"

#include <fmt/format.h>

namespace pgbraid::sftp {

namespace {

constexpr uint64_t batch_bytes = uint64_t{8} << 20;

/// Thread-safe: each verb takes the session with the least to do, and another one when that breaks.
class sftp_storage final : public storage {
  template <class Verb> auto tried(Verb verb) {
    return with_session(*pool_, [&](const std::shared_ptr<connection>& on, bool again) {
      verbs all(on, *at_, again);
      return verb(all);
    });
  }

public:
  sftp_storage(std::shared_ptr<session_pool> pool, std::string root)
      : pool_(std::move(pool)), at_(std::make_shared<place>(std::move(root))) {}

  storage_features features() const override {
    return {.paths = true,
            .symlinks = true,
            .hardlinks = pool_->offers(hardlink_extension),
            .batch_bytes = batch_bytes,
            .settling_files = pool_->handles_each(),
            .writer_bytes = pieces_max * piece_bytes,
            .path_sync = false};
  }
  const std::string& root() const override { return at_->root; }
  result<std::optional<entry_info>> info(std::string_view path) override {
    return tried([&](verbs& on) { return on.info(path); });
  }
  result<std::vector<std::optional<entry_info>>>
  many_infos(std::span<const std::string> paths) override {
    return tried([&](verbs& on) { return on.many_infos(paths); });
  }
  result<std::optional<std::vector<entry>>> list(std::string_view path) override {
    return tried([&](verbs& on) { return on.list(path); });
  }
  result<std::optional<list_page>> list_some(std::string_view path, std::string_view after,
                                             size_t count) override {
    return tried([&](verbs& on) { return on.list_some(path, after, count); });
  }
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options) override;
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options) override;
  void read_small(std::span<small_read> files, io::io_engine* engine) override;
  result<void> make_path(std::string_view path, uint32_t mode) override {
    return tried([&](verbs& on) { return on.make_path(path, mode); });
  }
  result<void> make_many_paths(std::span<const std::string> paths, uint32_t mode) override {
    return tried([&](verbs& on) { return on.make_many_paths(paths, mode); });
  }
  result<void> remove_file(std::string_view path) override {
    return tried([&](verbs& on) { return on.remove_file(path); });
  }
  result<void> remove_files(std::span<const std::string> paths) override {
    return tried([&](verbs& on) { return on.remove_files(paths); });
  }
  result<void> remove_tree(std::string_view path) override {
    return tried([&](verbs& on) { return on.remove_tree(path); });
  }
  result<void> move(std::string_view from, std::string_view to) override {
    return tried([&](verbs& on) { return on.move(from, to); });
  }
  result<void> make_symlink(std::string_view path, std::string_view destination) override {
    return tried([&](verbs& on) { return on.make_symlink(path, destination); });
  }
  result<void> make_hardlink(std::string_view path, std::string_view existing) override {
    return tried([&](verbs& on) { return on.make_hardlink(path, existing); });
  }
  result<void> sync_path(std::string_view path) override {
    return tried([&](verbs& on) { return on.sync_path(path); });
  }
  /// There is nothing to be done, see verbs::sync_path.
  result<void> sync_many_paths(std::span<const std::string>) override { return success(); }
  result<void> set_attributes(std::string_view path, const attributes& wanted) override {
    return tried([&](verbs& on) { return on.set_attributes(path, wanted); });
  }
  result<std::optional<uint64_t>> free_bytes() override {
    return tried([](verbs& on) { return on.free_bytes(); });
  }

private:
  result<void> read_once(std::span<small_read> files, const std::shared_ptr<connection>& on);

  const std::shared_ptr<session_pool> pool_;
  const std::shared_ptr<place> at_;
  const std::shared_ptr<late_openings> openings_ = std::make_shared<late_openings>();
};

result<std::unique_ptr<io::reader>> sftp_storage::open_read(std::string_view path,
                                                            const read_options& options) {
  using opened = std::unique_ptr<io::reader>;
  return with_session(*pool_, [&](const std::shared_ptr<connection>& on, bool) -> result<opened> {
    auto file = verbs(on, *at_).open_read(path);
    if (!file)
      return file.failure();
    return opened(std::make_unique<sftp_reader>(pool_, std::move(*file), at_->full(path), options));
  });
}

result<std::unique_ptr<io::writer>> sftp_storage::open_write(std::string_view path,
                                                             const write_options& options) {
  using opened = std::unique_ptr<io::writer>;
  if (path.empty())
    return error{errc::param_invalid, fmt::format("cannot write '{}': it is a path", at_->root)};
  write_plan plan{.target = at_->full(path), .options = options};
  if (options.how == publish::atomic)
    plan.temporary = io::own_temporary_name(plan.target);
  plan.create = [at = at_, path = std::string(path), name = plan.name(),
                 options](const std::shared_ptr<connection>& on) {
    return verbs(on, *at).create(path, name, options);
  };
  return with_session(*pool_, [&](const std::shared_ptr<connection>& on, bool) -> result<opened> {
    verbs all(on, *at_);
    if (auto fine = all.check(path); !fine)
      return fine.failure();
    if (!options.may_open_late) {
      auto file = plan.create(on);
      if (!file)
        return file.failure();
      return opened(std::make_unique<sftp_writer>(pool_, on, std::move(*file), plan));
    }
    auto number = all.ask_to_create(plan.name(), options);
    if (!number)
      return number.failure();
    return opened(std::make_unique<sftp_writer>(pool_, on, *number, openings_, plan));
  });
}

/// Fails when the session broke; what was read until then stays.
result<void> sftp_storage::read_once(std::span<small_read> files,
                                     const std::shared_ptr<connection>& on) {
  std::vector<placed_read> placed;
  verbs all(on, *at_);
  for (auto& one : files) {
    if (!one.failure || one.failure->code != errc::protocol)
      continue;
    one.failure.reset();
    if (auto fine = all.check(one.path); !fine)
      one.failure = fine.failure();
    else
      placed.push_back({&one, at_->full(one.path)});
  }
  read_small_files(on, placed, pool_->handles_each());
  if (on->broke())
    return *on->failure();
  return success();
}

void sftp_storage::read_small(std::span<small_read> files, io::io_engine*) {
  for (auto& one : files) {
    one.content.clear();
    one.failure = error{errc::protocol, "not read yet"};
  }
  const auto done = with_session(
      *pool_, [&](const std::shared_ptr<connection>& on, bool) { return read_once(files, on); });
  if (done)
    return;
  for (auto& one : files)
    if (one.failure && one.failure->code == errc::protocol)
      one.failure = done.failure();
}

} // namespace

std::unique_ptr<storage> make_sftp_storage(std::shared_ptr<session_pool> pool, std::string root) {
  return std::make_unique<sftp_storage>(std::move(pool), std::move(root));
}

} // namespace pgbraid::sftp
