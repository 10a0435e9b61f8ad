// Parts of one file, by pwrite.
// SPDX-License-Identifier: MIT
#include "engine/io/file_updater.hpp"

#include "engine/io/file_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

namespace pgbraid::io {

namespace {

class file_updater final : public updater {
public:
  file_updater(file_target target, const file_update_options& options)
      : directory_(std::move(target.directory)), name_(std::move(target.name)),
        shown_(std::move(target.shown)), options_(options) {}
  ~file_updater() override {
    if (syncing_ && options_.engine != nullptr)
      options_.engine->wait_for(sync_);
  }

  result<void> open();
  uint64_t kept_bytes() const override { return kept_bytes_; }
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override;
  result<void> write_at(byte_view in, uint64_t offset_bytes) override;
  result<void> begin_commit() override;
  result<bool> committed(bool wait) override;

private:
  error not_opened(int error_number) const;
  error write_error(int error_number, uint64_t missing_bytes) const;
  result<void> apply_attributes();

  const unique_fd directory_;
  const std::string name_;
  const std::string shown_;
  const file_update_options options_;
  unique_fd file_;
  uint64_t kept_bytes_ = 0;
  bool syncing_ = false;
  io_operation sync_;
};

constexpr int open_flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

error file_updater::not_opened(int error_number) const {
  const auto code = error_number == ENOENT  ? errc::file_missing
                    : error_number == ELOOP ? errc::link_destination
                                            : errc::file_open;
  return system_error(code, "cannot open '" + shown_ + "' for writing", error_number);
}

result<void> file_updater::open() {
  struct stat found = {};
  file_ = unique_fd(open_to_fill(directory_.get(), name_.c_str(), open_flags, found));
  if (!file_)
    return not_opened(errno);
  if (!S_ISREG(found.st_mode))
    return error{errc::file_open, "cannot open '" + shown_ + "' for writing: it is not a file"};
  if (options_.keep)
    kept_bytes_ = std::min(static_cast<uint64_t>(found.st_size), options_.size_bytes);
  else if (found.st_size > 0 && ::ftruncate(file_.get(), 0) != 0)
    return write_error(errno, 0);
  if (::ftruncate(file_.get(), static_cast<off_t>(options_.size_bytes)) != 0)
    return write_error(errno, options_.size_bytes);
  return apply_attributes();
}

// Owner first: changing it clears the set-uid bits of the mode.
result<void> file_updater::apply_attributes() {
  if (options_.uid || options_.gid)
    if (::fchown(file_.get(), options_.uid.value_or(static_cast<uid_t>(-1)),
                 options_.gid.value_or(static_cast<gid_t>(-1))) != 0)
      return system_error(errc::file_owner, "cannot set the owner of '" + shown_ + "'", errno);
  if (::fchmod(file_.get(), options_.mode & 07777) != 0)
    return system_error(errc::file_mode, "cannot set the mode of '" + shown_ + "'", errno);
  return success();
}

result<size_t> file_updater::read_at(byte_span out, uint64_t offset_bytes) {
  return read_fully(file_.get(), out, offset_bytes, shown_);
}

result<void> file_updater::write_at(byte_view in, uint64_t offset_bytes) {
  assert(offset_bytes <= options_.size_bytes && in.size() <= options_.size_bytes - offset_bytes);
  while (!in.empty()) {
    const auto put = ::pwrite(file_.get(), in.data(), in.size(), static_cast<off_t>(offset_bytes));
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return write_error(put < 0 ? errno : EIO, in.size());
    in = in.subspan(static_cast<size_t>(put));
    offset_bytes += static_cast<uint64_t>(put);
  }
  return success();
}

result<void> file_updater::begin_commit() {
  if (options_.mtime_s)
    if (auto set = set_mtime(file_.get(), *options_.mtime_s, shown_); !set)
      return set;
  syncing_ = true;
  begin_sync(sync_, file_.get(), options_.sync, options_.engine);
  return success();
}

result<bool> file_updater::committed(bool wait) {
  assert(syncing_);
  if (options_.engine != nullptr && !sync_.done) {
    options_.engine->poll();
    if (wait)
      options_.engine->wait_for(sync_);
  }
  if (sync_.done && sync_.outcome < 0)
    return system_error(errc::file_sync, "cannot sync '" + shown_ + "'",
                        static_cast<int>(-sync_.outcome));
  return sync_.done;
}

error file_updater::write_error(int error_number, uint64_t missing_bytes) const {
  return write_failure(error_number, directory_.get(), missing_bytes, shown_);
}

} // namespace

result<std::unique_ptr<updater>> open_file_updater(file_target target,
                                                   const file_update_options& options) {
  auto made = std::make_unique<file_updater>(std::move(target), options);
  if (auto opened = made->open(); !opened)
    return opened.failure();
  return std::unique_ptr<updater>(std::move(made));
}

} // namespace pgbraid::io
