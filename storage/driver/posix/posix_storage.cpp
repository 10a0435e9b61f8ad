// The verbs of the contract as system calls below one open root.
// SPDX-License-Identifier: MIT
#include "storage/driver/posix/posix_storage.hpp"

#include "engine/io/file_reader.hpp"
#include "engine/io/file_updater.hpp"
#include "engine/io/file_writer.hpp"
#include "engine/io/small_files.hpp"
#include "storage/driver/posix/directory_names.hpp"
#include "storage/driver/posix/entry_look.hpp"
#include "storage/driver/posix/path_making.hpp"
#include "storage/driver/posix/posix_root.hpp"
#include "storage/driver/posix/tree_removal.hpp"
#include "storage/storage_path.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pgbraid {

namespace {

using io::unique_fd;
using posix::codes;
using posix::is_missing;
using posix::look_at;
using posix::place;

class posix_storage final : public storage {
public:
  posix_storage(std::string root, io::path_walk walk, posix::file_system_claims can)
      : root_(std::move(root), walk, can) {}

  storage_features features() const override {
    return {.paths = true,
            .symlinks = root_.can().links,
            .hardlinks = root_.can().links,
            .path_sync = root_.can().path_sync,
            .updates = true};
  }
  const std::string& root() const override { return root_.path(); }
  result<std::optional<entry_info>> info(std::string_view path) override {
    return posix::look_at_path(root_, path);
  }
  result<std::vector<std::optional<entry_info>>>
  many_infos(std::span<const std::string> paths) override {
    return posix::look_at_paths(root_, paths);
  }
  result<std::optional<std::vector<entry>>> list(std::string_view path) override;
  result<bool> each_entry(std::string_view path, const entry_visitor& visit) override;
  result<std::optional<list_page>> list_some(std::string_view path, std::string_view after,
                                             size_t count) override;
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options) override;
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options) override;
  result<std::unique_ptr<io::writer>> open_hollow(std::string_view path, uint64_t size_bytes,
                                                  const write_options& options) override;
  result<std::unique_ptr<io::updater>> open_update(std::string_view path,
                                                   const update_options& options) override;
  void read_small(std::span<small_read> files, io::io_engine* engine) override;
  result<void> make_path(std::string_view path, uint32_t mode) override {
    return posix::make_paths(root_, path, mode, false);
  }
  result<void> remove_file(std::string_view path) override;
  result<void> remove_tree(std::string_view path) override;
  result<void> move(std::string_view from, std::string_view to) override;
  result<void> make_symlink(std::string_view path, std::string_view destination) override;
  result<void> make_hardlink(std::string_view path, std::string_view existing) override;
  result<void> sync_path(std::string_view path) override;
  result<void> sync_files() override;
  bool may_sync_later() override;
  result<void> set_attributes(std::string_view path, const attributes& wanted) override;
  result<std::optional<uint64_t>> free_bytes() override;

private:
  result<unique_fd> open_list(std::string_view path);
  result<bool> look_at_entry(int fd, std::string_view path, entry& one) const;
  result<unique_fd> open_parent_for_write(std::string_view parent, const write_options& options);
  result<std::unique_ptr<io::writer>> open_file(std::string_view path, const write_options& options,
                                                std::optional<uint64_t> hollow_bytes);

  posix::posix_root root_;
  std::optional<io::file_system_sync> later_ = {}; ///< for files that `sync_files` syncs
};

// ---- looking

/// Empty when there is no such path.
result<unique_fd> posix_storage::open_list(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  auto fd = root_.open_at(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
  if (fd || errno == ENOENT)
    return fd;
  // O_DIRECTORY answers ENOTDIR for a link too.
  int failure = errno;
  auto found = info(path);
  if (found && *found && (*found)->kind == entry_kind::link)
    failure = ELOOP;
  return root_.failed("list", path, failure, {errc::path_open, errc::path_open});
}

/// False when it vanished meanwhile: as if it had not been seen.
result<bool> posix_storage::look_at_entry(int fd, std::string_view path, entry& one) const {
  const int failure = look_at(fd, one.name.c_str(), AT_SYMLINK_NOFOLLOW, one.info);
  if (failure == 0 || failure == ENOENT)
    return failure == 0;
  return root_.failed("get information about",
                      path.empty() ? one.name : root_.shown(path) + "/" + one.name, failure,
                      {errc::file_info, errc::file_info});
}

result<bool> posix_storage::each_entry(std::string_view path, const entry_visitor& visit) {
  auto fd = open_list(path);
  if (!fd)
    return fd.failure();
  if (!*fd)
    return false;
  std::optional<error> trouble;
  const int failure = each_name(fd->get(), [&](const char* name) {
    entry one = {.name = name, .info = {}};
    auto seen = look_at_entry(fd->get(), path, one);
    if (!seen)
      trouble = seen.failure();
    else if (*seen)
      if (auto taken = visit(one); !taken)
        trouble = taken.failure();
    return !trouble;
  });
  if (trouble)
    return *trouble;
  if (failure != 0)
    return root_.failed("list", path, failure, {errc::path_open, errc::path_open});
  return true;
}

result<std::optional<std::vector<entry>>> posix_storage::list(std::string_view path) {
  std::vector<entry> all;
  const auto there = each_entry(path, [&](entry& one) {
    all.push_back(std::move(one));
    return success();
  });
  if (!there)
    return there.failure();
  if (!*there)
    return std::optional<std::vector<entry>>();
  std::sort(all.begin(), all.end(), [](const entry& a, const entry& b) { return a.name < b.name; });
  return std::optional(std::move(all));
}

result<std::optional<storage::list_page>>
posix_storage::list_some(std::string_view path, std::string_view after, size_t count) {
  auto fd = open_list(path);
  if (!fd)
    return fd.failure();
  if (!*fd)
    return std::optional<list_page>();
  first_names names(after, count);
  const int failure = each_name(fd->get(), [&](const char* name) {
    names.add(name);
    return true;
  });
  if (failure != 0)
    return root_.failed("list", path, failure, {errc::path_open, errc::path_open});
  list_page out;
  const bool more = names.finish();
  if (more)
    out.next = names.all().back();
  for (auto& name : names.all()) {
    entry one = {.name = std::move(name), .info = {}};
    auto seen = look_at_entry(fd->get(), path, one);
    if (!seen)
      return seen.failure();
    if (*seen)
      out.entries.push_back(std::move(one));
  }
  return std::optional(std::move(out));
}

result<std::optional<uint64_t>> posix_storage::free_bytes() {
  struct statvfs space = {};
  std::string at = root();
  while (::statvfs(at.c_str(), &space) != 0) {
    const auto slash = at.rfind('/');
    if (!is_missing(errno) || slash == std::string::npos || at == "/")
      return root_.failed("get the free space of", {}, errno, {errc::file_info, errc::file_info});
    at.resize(std::max<size_t>(slash, 1));
  }
  return std::optional(uint64_t{space.f_bavail} * space.f_frsize);
}

// ---- reading

result<std::unique_ptr<io::reader>> posix_storage::open_read(std::string_view path,
                                                             const read_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  // O_NONBLOCK: a fifo must not hold up the open.
  auto fd = root_.open_at(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!fd)
    return root_.failed("open", path, errno, {errc::file_missing, errc::file_open});
  return io::open_file_reader(std::move(fd), root_.shown(path),
                              {.offset_bytes = options.offset_bytes,
                               .limit_bytes = options.limit_bytes,
                               .engine = options.engine});
}

void posix_storage::read_small(std::span<small_read> files, io::io_engine* engine) {
  const auto root = root_.open();
  const auto is_part = [](const auto& one) { return one.offset_bytes != 0; };
  if (!root || root_.walks_by_segment() || std::ranges::any_of(files, is_part))
    return storage::read_small(files, engine);
  std::vector<io::small_file> batch;
  std::vector<small_read*> owners;
  for (auto& one : files) {
    one.failure.reset();
    if (auto fine = check_storage_path(one.path); !fine) {
      one.failure = fine.failure();
      continue;
    }
    one.content.resize(one.limit_bytes);
    batch.push_back({.path = one.path.c_str(), .room = one.content});
    owners.push_back(&one);
  }
  io::read_small_files(root->get(), batch, engine);
  for (size_t i = 0; i < batch.size(); ++i) {
    const auto outcome = batch[i].outcome;
    owners[i]->content.resize(static_cast<size_t>(std::max<int64_t>(outcome, 0)));
    if (outcome == -EINVAL)
      owners[i]->failure = error{errc::file_open, "cannot open '" + root_.shown(owners[i]->path) +
                                                      "' for reading: it is not a file"};
    else if (outcome < 0)
      owners[i]->failure =
          root_.failed("read", owners[i]->path, static_cast<int>(-outcome),
                       {errc::file_missing, outcome == -EIO ? errc::file_read : errc::file_open});
  }
}

// ---- making

result<unique_fd> posix_storage::open_parent_for_write(std::string_view parent,
                                                       const write_options& options) {
  constexpr int flags = O_RDONLY | O_DIRECTORY;
  auto fd = root_.open_at(parent, flags);
  if (!fd && errno == ENOENT && options.make_parents) {
    const bool sync = options.sync && options.how == publish::atomic;
    if (auto made = posix::make_paths(root_, parent, options.path_mode, sync); !made)
      return made.failure();
    fd = root_.open_at(parent, flags);
  }
  if (!fd)
    return root_.failed("open for writing in", parent, errno,
                        {errc::file_missing, errc::file_open});
  return fd;
}

result<std::unique_ptr<io::writer>> posix_storage::open_write(std::string_view path,
                                                              const write_options& options) {
  return open_file(path, options, {});
}

result<std::unique_ptr<io::writer>> posix_storage::open_hollow(std::string_view path,
                                                               uint64_t size_bytes,
                                                               const write_options& options) {
  return open_file(path, options, size_bytes);
}

result<std::unique_ptr<io::writer>> posix_storage::open_file(std::string_view path,
                                                             const write_options& options,
                                                             std::optional<uint64_t> hollow_bytes) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  const auto parts = split_path(path);
  if (parts.name.empty())
    return error{errc::param_invalid, "cannot write '" + root() + "': it is a path"};
  auto parent = open_parent_for_write(parts.parent, options);
  if (!parent)
    return parent.failure();
  return io::open_file_writer({std::move(*parent), std::string(parts.name), root_.shown(path)},
                              {.atomic = options.how == publish::atomic,
                               .sync = options.sync,
                               .sync_directory = root_.can().path_sync,
                               .later = options.sync_later && later_ ? &*later_ : nullptr,
                               .mode = options.mode,
                               .mtime_s = options.mtime_s,
                               .uid = options.uid,
                               .gid = options.gid,
                               .engine = options.engine,
                               .size_hint_bytes = options.size_hint_bytes,
                               .hollow_bytes = hollow_bytes});
}

result<std::unique_ptr<io::updater>> posix_storage::open_update(std::string_view path,
                                                                const update_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  const auto parts = split_path(path);
  if (parts.name.empty())
    return error{errc::param_invalid, "cannot write '" + root() + "': it is a path"};
  auto parent = open_parent_for_write(parts.parent, {.make_parents = false});
  if (!parent)
    return parent.failure();
  return io::open_file_updater({std::move(*parent), std::string(parts.name), root_.shown(path)},
                               {.size_bytes = options.size_bytes,
                                .keep = options.keep,
                                .sync = options.sync,
                                .mode = options.mode,
                                .mtime_s = options.mtime_s,
                                .uid = options.uid,
                                .gid = options.gid,
                                .engine = options.engine});
}

result<void> posix_storage::make_symlink(std::string_view path, std::string_view destination) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  if (!root_.can().links)
    return error{errc::feature_not_supported,
                 "cannot make the link '" + root_.shown(path) + "': no links are made on a share"};
  place at;
  int failure = root_.open_place(path, at);
  if (failure == 0 &&
      ::symlinkat(std::string(destination).c_str(), at.parent.get(), at.name.c_str()) != 0)
    failure = errno;
  if (failure == 0)
    return success();
  return root_.failed(
      "make the link", path, failure,
      {errc::path_missing, failure == EEXIST ? errc::file_exists : errc::file_write});
}

result<void> posix_storage::make_hardlink(std::string_view path, std::string_view existing) {
  for (const auto one : {path, existing})
    if (auto fine = check_storage_path(one); !fine)
      return fine;
  if (!root_.can().links)
    return storage::make_hardlink(path, existing);
  place from;
  place to;
  int failure = root_.open_place(existing, from);
  if (failure == 0)
    failure = root_.open_place(path, to);
  if (failure != 0)
    return root_.failed("make the link", path, failure, {errc::file_missing, errc::file_write});
  if (::linkat(from.parent.get(), from.name.c_str(), to.parent.get(), to.name.c_str(), 0) == 0)
    return success();
  const auto code = errno == EEXIST   ? errc::file_exists
                    : errno == ENOENT ? errc::file_missing
                                      : errc::file_write;
  return system_error(
      code, "cannot link '" + root_.shown(path) + "' to '" + root_.shown(existing) + "'", errno);
}

// ---- changing

result<void> posix_storage::remove_file(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  place at;
  int failure = root_.open_place(path, at);
  if (failure == 0 && ::unlinkat(at.parent.get(), at.name.c_str(), 0) != 0)
    failure = errno;
  if (failure == 0 || is_missing(failure))
    return success();
  return root_.failed("remove", path, failure, {errc::file_remove, errc::file_remove});
}

result<void> posix_storage::remove_tree(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  int failure = 0;
  if (path.empty()) {
    const auto fd = root_.open_at({}, O_RDONLY | O_DIRECTORY);
    failure = fd ? remove_content(fd.get()) : errno;
    if (failure == 0 && ::rmdir(root().c_str()) != 0)
      failure = errno;
  } else {
    place at;
    failure = root_.open_place(path, at);
    if (failure == 0)
      failure = remove_below(at.parent.get(), at.name.c_str());
  }
  if (failure == 0 || is_missing(failure))
    return success();
  return root_.failed("remove", path, failure, {errc::path_remove, errc::path_remove});
}

result<void> posix_storage::move(std::string_view from, std::string_view to) {
  for (const auto one : {from, to})
    if (auto fine = check_storage_path(one); !fine)
      return fine;
  const codes code = {errc::file_missing, errc::file_move};
  place source;
  place target;
  if (const int failure = root_.open_place(from, source); failure != 0)
    return root_.failed("move", from, failure, code);
  if (const int failure = root_.open_place(to, target); failure != 0)
    return root_.failed("move to", to, failure, code);
  if (::renameat(source.parent.get(), source.name.c_str(), target.parent.get(),
                 target.name.c_str()) == 0)
    return success();
  return system_error(errno == ENOENT ? errc::file_missing : errc::file_move,
                      "cannot move '" + root_.shown(from) + "' to '" + root_.shown(to) + "'",
                      errno);
}

result<void> posix_storage::sync_path(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  const auto fd = root_.open_at(path, O_RDONLY | O_DIRECTORY);
  if (!fd)
    return root_.failed("sync", path, errno, {errc::path_missing, errc::path_open});
  if (!root_.can().path_sync)
    return success();
  // Some file systems cannot sync directories and say so.
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != EBADF)
    return root_.failed("sync", path, errno, {errc::path_sync, errc::path_sync});
  return success();
}

result<void> posix_storage::sync_files() {
  const auto fd = root_.open_at({}, O_RDONLY | O_DIRECTORY);
  if (!fd)
    return root_.failed("sync", {}, errno, {errc::path_missing, errc::path_open});
  // Of what was begun earlier, so that failures since then are told.
  const int failure = later_ ? later_->finish() : ::syncfs(fd.get()) == 0 ? 0 : errno;
  if (failure != 0)
    return root_.failed("sync the file system of", {}, failure, {errc::path_sync, errc::path_sync});
  return success();
}

// The server of a share is told of each file: syncfs only makes sure that it was given all of them.
bool posix_storage::may_sync_later() {
  if (!later_ && root_.can().path_sync)
    later_ = io::file_system_sync::begin(root_.open_at({}, O_RDONLY | O_DIRECTORY));
  return later_.has_value();
}

// Owner first: changing it clears the set-uid bits of the mode.
result<void> posix_storage::set_attributes(std::string_view path, const attributes& wanted) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  place at;
  int failure = 0;
  if (path.empty())
    at.name = root(); // absolute: the directory is not used
  else
    failure = root_.open_place(path, at);
  const int fd = at.parent.get();
  const char* name = at.name.c_str();
  const int flags = path.empty() ? 0 : AT_SYMLINK_NOFOLLOW;
  struct stat found = {};
  if (failure == 0 && ::fstatat(fd, name, &found, flags) != 0)
    failure = errno;
  if (failure != 0)
    return root_.failed("change", path, failure, {errc::file_missing, errc::file_open});
  if ((wanted.uid || wanted.gid) &&
      ::fchownat(fd, name, wanted.uid.value_or(static_cast<uid_t>(-1)),
                 wanted.gid.value_or(static_cast<gid_t>(-1)), flags) != 0)
    return root_.failed("set the owner of", path, errno, {errc::file_owner, errc::file_owner});
  if (wanted.mode && !S_ISLNK(found.st_mode) &&
      ::fchmodat(fd, name, *wanted.mode & 07777, flags) != 0)
    return root_.failed("set the mode of", path, errno, {errc::file_mode, errc::file_mode});
  if (wanted.mtime_s) {
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                               {.tv_sec = *wanted.mtime_s, .tv_nsec = 0}};
    if (::utimensat(fd, name, times, flags) != 0)
      return root_.failed("set the time of", path, errno, {errc::file_info, errc::file_info});
  }
  return success();
}

} // namespace

std::unique_ptr<storage> make_posix_storage(std::string root, io::path_walk walk) {
  return std::make_unique<posix_storage>(std::move(root), walk, posix::file_system_claims{});
}

std::unique_ptr<storage> make_cifs_storage(std::string root) {
  return std::make_unique<posix_storage>(
      std::move(root), io::path_walk::automatic,
      posix::file_system_claims{.links = false, .path_sync = false});
}

} // namespace pgbraid
