// The life of a written file: open, fill, drain, sync, rename, sync of the directory.
// SPDX-License-Identifier: MIT
#include "engine/io/file_writer.hpp"

#include "engine/io/file_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>

namespace pgbraid::io {

namespace {

constexpr size_t direct_unit_bytes = 4096;

class file_writer final : public writer {
public:
  file_writer(file_target target, const file_write_options& options)
      : directory_(std::move(target.directory)), name_(std::move(target.name)),
        shown_(std::move(target.shown)), options_(options), engine_(options.engine),
        written_name_(options.atomic && options.newest_wins ? name_ + std::string(temporary_suffix)
                                                            : name_) {}
  ~file_writer() override;

  result<void> open();
  result<void> write(byte_view in) override;
  result<void> begin_commit() override;
  result<bool> committed(bool wait) override;

private:
  enum class stage : uint8_t { filling, draining, syncing, syncing_directory, done };
  /// A slab on its way to the disk.
  struct pending {
    io_slab slab;
    io_operation operation;
  };

  int open_name(struct stat& found);
  int open_own_name();
  int open_known_name();
  result<void> apply_attributes(const struct stat& found);
  result<void> remember(error what);

  result<void> write_direct(byte_view in);
  result<bool> have_slab();
  result<void> send_slab(size_t length_bytes);
  result<void> harvest();
  result<void> leave_direct();
  void wait_for_pending();
  result<void> write_plain(byte_view in, uint64_t offset_bytes);

  result<void> settle();
  result<void> advance();
  result<void> finish_content();
  result<void> publish();
  result<void> start_sync(int fd, stage next);
  error write_error(int error_number, uint64_t missing_bytes) const;

  unique_fd directory_;
  std::string name_;
  std::string shown_;
  file_write_options options_;
  io_engine* engine_;
  std::string written_name_;
  unique_fd file_;
  uint64_t device_ = 0;
  uint64_t inode_ = 0;

  stage stage_ = stage::filling;
  std::optional<error> failure_;
  bool temporary_there_ = false;

  bool direct_ = false;
  bool padded_ = false;
  uint64_t size_bytes_ = 0;   ///< all that was written by the caller
  uint64_t offset_bytes_ = 0; ///< where the slab being filled goes
  io_slab filling_;
  size_t filled_bytes_ = 0;
  std::list<pending> pending_; ///< a list, since the engine knows the addresses
  io_operation sync_;
};

file_writer::~file_writer() {
  wait_for_pending();
  if (stage_ == stage::syncing || stage_ == stage::syncing_directory)
    if (engine_ != nullptr && options_.sync)
      engine_->wait_for(sync_);
  if (temporary_there_)
    ::unlinkat(directory_.get(), written_name_.c_str(), 0);
}

result<void> file_writer::remember(error what) {
  failure_ = what;
  return what;
}

// ---- opening

constexpr int open_flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr uint32_t first_mode = 0600;

int file_writer::open_name(struct stat& found) {
  if (!options_.atomic)
    return open_to_fill(directory_.get(), name_.c_str(), open_flags, found);
  return looked_at(options_.newest_wins ? open_known_name() : open_own_name(), found);
}

int file_writer::open_own_name() {
  int fd = -1;
  do {
    written_name_ = own_temporary_name(name_);
    fd = ::openat(directory_.get(), written_name_.c_str(), open_flags | O_EXCL, first_mode);
  } while (fd < 0 && errno == EEXIST);
  return fd;
}

// A temporary name of an older writer is replaced, not written into.
int file_writer::open_known_name() {
  const char* name = written_name_.c_str();
  const int fd = ::openat(directory_.get(), name, open_flags | O_EXCL, first_mode);
  if (fd >= 0 || errno != EEXIST || ::unlinkat(directory_.get(), name, 0) != 0)
    return fd;
  return ::openat(directory_.get(), name, open_flags | O_EXCL, first_mode);
}

result<void> file_writer::open() {
  struct stat found = {};
  file_ = unique_fd(open_name(found));
  if (!file_) {
    const auto code = errno == ENOENT  ? errc::file_missing
                      : errno == ELOOP ? errc::link_destination
                                       : errc::file_open;
    return system_error(code, "cannot open '" + shown_ + "' for writing", errno);
  }
  temporary_there_ = options_.atomic;
  if (!S_ISREG(found.st_mode))
    return error{errc::file_open, "cannot open '" + shown_ + "' for writing: it is not a file"};
  // Only now is it sure that this may be cut.
  if (found.st_size > 0 && ::ftruncate(file_.get(), 0) != 0)
    return write_error(errno, 0);
  if (options_.hollow_bytes &&
      ::ftruncate(file_.get(), static_cast<off_t>(*options_.hollow_bytes)) != 0)
    return write_error(errno, 0);
  device_ = found.st_dev;
  inode_ = found.st_ino;
  if (options_.later != nullptr && options_.later->covers(device_))
    options_.sync = false;
  direct_ = engine_ != nullptr && !options_.hollow_bytes &&
            options_.size_hint_bytes > engine_->limits().slab_bytes &&
            !engine_->refuses_direct(device_);
  return apply_attributes(found);
}

// Owner first: changing it clears the set-uid bits of the mode. What is right already is left: with
// very many small files the calls count.
result<void> file_writer::apply_attributes(const struct stat& found) {
  const bool owned = options_.uid.value_or(found.st_uid) == found.st_uid &&
                     options_.gid.value_or(found.st_gid) == found.st_gid;
  if (!owned && ::fchown(file_.get(), options_.uid.value_or(static_cast<uid_t>(-1)),
                         options_.gid.value_or(static_cast<gid_t>(-1))) != 0)
    return system_error(errc::file_owner, "cannot set the owner of '" + shown_ + "'", errno);
  const bool moded = owned && (found.st_mode & 07777) == (options_.mode & 07777);
  if (!moded && ::fchmod(file_.get(), options_.mode & 07777) != 0)
    return system_error(errc::file_mode, "cannot set the mode of '" + shown_ + "'", errno);
  return success();
}

// ---- filling

result<void> file_writer::write(byte_view in) {
  assert(stage_ == stage::filling && !options_.hollow_bytes);
  if (failure_)
    return *failure_;
  size_bytes_ += in.size();
  if (direct_)
    return write_direct(in);
  return write_plain(in, size_bytes_ - in.size());
}

result<void> file_writer::write_plain(byte_view in, uint64_t offset_bytes) {
  while (!in.empty()) {
    const auto put = ::pwrite(file_.get(), in.data(), in.size(), static_cast<off_t>(offset_bytes));
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return remember(write_error(put < 0 ? errno : EIO, in.size()));
    in = in.subspan(static_cast<size_t>(put));
    offset_bytes += static_cast<uint64_t>(put);
  }
  return success();
}

result<void> file_writer::write_direct(byte_view in) {
  engine_->poll();
  if (auto fine = harvest(); !fine)
    return fine;
  while (direct_ && !in.empty()) {
    auto have = have_slab();
    if (!have)
      return have.failure();
    if (!*have)
      break; // direct_ is off now
    const auto part = std::min(in.size(), filling_.size_bytes() - filled_bytes_);
    std::memcpy(filling_.data() + filled_bytes_, in.data(), part);
    filled_bytes_ += part;
    in = in.subspan(part);
    if (filled_bytes_ == filling_.size_bytes())
      if (auto sent = send_slab(filled_bytes_); !sent)
        return sent;
  }
  return write_plain(in, size_bytes_ - in.size());
}

// Slabs come back as operations end. When none is in flight and none is free, all are being filled
// by other files, which may wait for us: this file goes on without.
result<bool> file_writer::have_slab() {
  while (!filling_) {
    filling_ = engine_->take_write_slab();
    if (filling_)
      break;
    if (engine_->in_flight() == 0) {
      if (auto left = leave_direct(); !left)
        return left.failure();
      return false;
    }
    engine_->wait();
    if (auto fine = harvest(); !fine)
      return fine.failure();
    if (!direct_)
      return false;
  }
  return true;
}

result<void> file_writer::send_slab(size_t length_bytes) {
  if (offset_bytes_ == 0) {
    const auto flags = ::fcntl(file_.get(), F_GETFL);
    if (flags < 0 || ::fcntl(file_.get(), F_SETFL, (flags | O_DIRECT) & ~O_NONBLOCK) != 0) {
      engine_->learn_refuses_direct(device_);
      return leave_direct();
    }
  }
  auto& one = pending_.emplace_back();
  one.slab = std::move(filling_);
  one.operation = {.verb = io_verb::write,
                   .fd = file_.get(),
                   .data = one.slab.data(),
                   .length_bytes = length_bytes,
                   .offset_bytes = offset_bytes_,
                   .lent = &one.slab};
  offset_bytes_ += filled_bytes_;
  filled_bytes_ = 0;
  engine_->submit(one.operation);
  return success();
}

// Looks at what has ended. Anything but a whole slab is written again the plain way, which either
// works or gives the true reason.
result<void> file_writer::harvest() {
  bool whole = true;
  for (auto at = pending_.begin(); at != pending_.end();) {
    const auto& operation = at->operation;
    const bool good =
        operation.done && operation.outcome == static_cast<int64_t>(operation.length_bytes);
    whole = whole && (good || !operation.done);
    at = good ? pending_.erase(at) : std::next(at);
  }
  return whole ? success() : leave_direct();
}

void file_writer::wait_for_pending() {
  for (const auto& one : pending_)
    engine_->wait_for(one.operation);
}

result<void> file_writer::leave_direct() {
  wait_for_pending();
  direct_ = false;
  if (const auto flags = ::fcntl(file_.get(), F_GETFL); flags >= 0)
    ::fcntl(file_.get(), F_SETFL, flags & ~O_DIRECT);
  for (auto& one : pending_) {
    const auto& operation = one.operation;
    if (operation.outcome == static_cast<int64_t>(operation.length_bytes))
      continue;
    if (operation.outcome == -EINVAL || operation.outcome == -EOPNOTSUPP)
      engine_->learn_refuses_direct(device_);
    else if (operation.outcome < 0 && operation.outcome != -EAGAIN)
      return remember(write_error(static_cast<int>(-operation.outcome), operation.length_bytes));
    const auto gone = static_cast<size_t>(std::max<int64_t>(operation.outcome, 0));
    if (auto put = write_plain({operation.data + gone, operation.length_bytes - gone},
                               operation.offset_bytes + gone);
        !put)
      return put;
  }
  pending_.clear();
  if (filling_)
    if (auto put = write_plain({filling_.data(), filled_bytes_}, offset_bytes_); !put)
      return put;
  filling_ = {};
  return success();
}

// ---- committing

result<void> file_writer::begin_commit() {
  assert(stage_ == stage::filling);
  if (failure_)
    return *failure_;
  if (direct_ && offset_bytes_ == 0) {
    // All of it fits one slab after all.
    if (auto left = leave_direct(); !left)
      return left;
  } else if (direct_ && filled_bytes_ > 0) {
    const auto length =
        (filled_bytes_ + direct_unit_bytes - 1) / direct_unit_bytes * direct_unit_bytes;
    std::memset(filling_.data() + filled_bytes_, 0, length - filled_bytes_);
    padded_ = true;
    if (auto sent = send_slab(length); !sent)
      return sent;
  }
  filling_ = {};
  stage_ = stage::draining;
  return settle();
}

result<bool> file_writer::committed(bool wait) {
  assert(stage_ != stage::filling);
  if (engine_ != nullptr)
    engine_->poll();
  while (true) {
    if (auto fine = advance(); !fine)
      return fine.failure();
    if (stage_ == stage::done || !wait)
      return stage_ == stage::done;
    engine_->wait();
  }
}

// Once all slabs are on the disk: the true size, the time, and the sync.
result<void> file_writer::settle() {
  if (stage_ != stage::draining)
    return success();
  if (auto fine = harvest(); !fine)
    return fine;
  return pending_.empty() ? finish_content() : success();
}

// Goes as far as it can without waiting for the disk.
result<void> file_writer::advance() {
  if (failure_)
    return *failure_;
  if (auto fine = settle(); !fine)
    return fine;
  if (stage_ == stage::syncing && sync_.done) {
    if (sync_.outcome < 0)
      return remember(system_error(errc::file_sync, "cannot sync '" + shown_ + "'",
                                   static_cast<int>(-sync_.outcome)));
    if (auto fine = publish(); !fine)
      return fine;
  }
  if (stage_ == stage::syncing_directory && sync_.done) {
    // Some file systems cannot sync directories and say so.
    if (sync_.outcome < 0 && sync_.outcome != -EINVAL && sync_.outcome != -EBADF)
      return remember(system_error(errc::path_sync, "cannot sync the path of '" + shown_ + "'",
                                   static_cast<int>(-sync_.outcome)));
    stage_ = stage::done;
  }
  return success();
}

result<void> file_writer::finish_content() {
  if (padded_ && ::ftruncate(file_.get(), static_cast<off_t>(size_bytes_)) != 0)
    return remember(write_error(errno, 0));
  if (options_.mtime_s)
    if (auto set = set_mtime(file_.get(), *options_.mtime_s, shown_); !set)
      return remember(set.failure());
  return start_sync(file_.get(), stage::syncing);
}

result<void> file_writer::start_sync(int fd, stage next) {
  stage_ = next;
  begin_sync(sync_, fd, options_.sync, engine_);
  return success();
}

result<void> file_writer::publish() {
  file_.reset();
  if (!options_.atomic) {
    stage_ = stage::done;
    return success();
  }
  struct stat found = {};
  const auto* from = written_name_.c_str();
  if (::fstatat(directory_.get(), from, &found, AT_SYMLINK_NOFOLLOW) != 0 ||
      found.st_ino != inode_ || found.st_dev != device_) {
    temporary_there_ = false; // somebody else's by now
    return remember({errc::file_move,
                     "cannot give '" + shown_ + "' its name: '" + written_name_ +
                         "' was removed or replaced while it was written",
                     "Is another process writing the same file?"});
  }
  if (::renameat(directory_.get(), from, directory_.get(), name_.c_str()) != 0)
    return remember(system_error(
        errc::file_move, "cannot rename '" + written_name_ + "' to '" + shown_ + "'", errno));
  temporary_there_ = false;
  if (!options_.sync_directory) {
    stage_ = stage::done;
    return success();
  }
  return start_sync(directory_.get(), stage::syncing_directory);
}

error file_writer::write_error(int error_number, uint64_t missing_bytes) const {
  if (options_.size_hint_bytes > size_bytes_)
    missing_bytes += options_.size_hint_bytes - size_bytes_;
  return write_failure(error_number, directory_.get(), missing_bytes, shown_);
}

} // namespace

result<std::unique_ptr<writer>> open_file_writer(file_target target,
                                                 const file_write_options& options) {
  auto made = std::make_unique<file_writer>(std::move(target), options);
  if (auto opened = made->open(); !opened)
    return opened.failure();
  return std::unique_ptr<writer>(std::move(made));
}

} // namespace pgbraid::io
