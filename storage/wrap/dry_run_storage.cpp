// Saying instead of doing.
// SPDX-License-Identifier: MIT
#include "storage/wrap/dry_run_storage.hpp"

#include "storage/storage_path.hpp"

#include <utility>

namespace pgbraid {

namespace {

class dry_run_writer final : public io::writer {
public:
  dry_run_writer(std::string shown, dry_run_storage::sayer say, uint64_t bytes = 0)
      : shown_(std::move(shown)), say_(std::move(say)), bytes_(bytes) {}

  result<void> write(byte_view in) override {
    bytes_ += in.size();
    return success();
  }
  result<void> begin_commit() override { return success(); }
  result<bool> committed(bool) override {
    if (!std::exchange(said_, true))
      say_("would write '" + shown_ + "', " + std::to_string(bytes_) + " bytes");
    return true;
  }

private:
  const std::string shown_;
  const dry_run_storage::sayer say_;
  uint64_t bytes_;
  bool said_ = false;
};

} // namespace

result<std::unique_ptr<io::writer>> dry_run_storage::open_write(std::string_view path,
                                                                const write_options&) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  if (path.empty())
    return error{errc::param_invalid, "cannot write '" + root() + "': it is a path"};
  return std::unique_ptr<io::writer>(std::make_unique<dry_run_writer>(shown(path), say_));
}

result<std::unique_ptr<io::writer>>
dry_run_storage::open_hollow(std::string_view path, uint64_t size_bytes, const write_options&) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  return std::unique_ptr<io::writer>(
      std::make_unique<dry_run_writer>(shown(path), say_, size_bytes));
}

// What is read back from a file under way cannot be made up.
result<std::unique_ptr<io::updater>> dry_run_storage::open_update(std::string_view path,
                                                                  const update_options& options) {
  return storage::open_update(path, options);
}

result<void> dry_run_storage::make_path(std::string_view path, uint32_t) {
  auto found = base().info(path);
  if (!found)
    return found.failure();
  if (!*found)
    say_("would make '" + shown(path) + "'");
  return success();
}

result<void> dry_run_storage::make_many_paths(std::span<const std::string> paths, uint32_t) {
  auto found = base().many_infos(paths);
  if (!found)
    return found.failure();
  for (size_t i = 0; i < paths.size(); ++i)
    if (!(*found)[i])
      say_("would make '" + shown(paths[i]) + "'");
  return success();
}

result<void> dry_run_storage::remove(std::string_view path) {
  auto found = base().info(path);
  if (!found)
    return found.failure();
  if (*found)
    say_("would remove '" + shown(path) + "'");
  return success();
}

result<void> dry_run_storage::move(std::string_view from, std::string_view to) {
  for (const auto one : {from, to})
    if (auto fine = check_storage_path(one); !fine)
      return fine;
  say_("would move '" + shown(from) + "' to '" + shown(to) + "'");
  return success();
}

result<void> dry_run_storage::make_symlink(std::string_view path, std::string_view destination) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  say_("would link '" + shown(path) + "' to '" + std::string(destination) + "'");
  return success();
}

result<void> dry_run_storage::make_hardlink(std::string_view path, std::string_view existing) {
  for (const auto one : {path, existing})
    if (auto fine = check_storage_path(one); !fine)
      return fine;
  say_("would link '" + shown(path) + "' to '" + shown(existing) + "'");
  return success();
}

result<void> dry_run_storage::sync_path(std::string_view path) {
  return check_storage_path(path);
}

result<void> dry_run_storage::sync_many_paths(std::span<const std::string> paths) {
  for (const auto& path : paths)
    if (auto fine = check_storage_path(path); !fine)
      return fine;
  return success();
}

result<void> dry_run_storage::set_attributes(std::string_view path, const attributes&) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  say_("would change the attributes of '" + shown(path) + "'");
  return success();
}

} // namespace pgbraid
