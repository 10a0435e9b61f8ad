// The contract of all storage drivers: files, paths and links below one root.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/io/stream.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::io {
class io_engine;
}

namespace pgbraid {

enum class entry_kind : uint8_t { file, path, link, special };

/// What is known about one name. Owner and group are the numeric ids as text when they have no
/// name.
struct entry_info {
  entry_kind kind = entry_kind::file;
  uint64_t size_bytes = 0;
  int64_t mtime_s = 0;
  uint32_t mode = 0; ///< permission bits only (07777)
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::string link_destination = {}; ///< for links only
  /// Of a file that is read as it was at a time, as the store names what it held then; not sent to
  /// other hosts.
  std::string version = {};
};

struct entry {
  std::string name; ///< one path segment
  entry_info info;
};

/// How a new file becomes visible.
enum class publish : uint8_t {
  in_place, ///< written under its own name (backup data: the manifest is what publishes it)
  atomic, ///< written as `<name>.<16 hex digits>.pgbackrest.tmp`, synced, renamed, directory synced
};

struct read_options {
  uint64_t offset_bytes = 0;
  std::optional<uint64_t> limit_bytes = {};
  /// For large cold files: lets the driver use the ring and O_DIRECT. May be null.
  io::io_engine* engine = nullptr;
  uint64_t size_hint_bytes = 0;
  /// Nothing else will be asked for beside it: a driver that would ask for pieces side by side asks
  /// once for as many bytes, where a connection for each would cost more than it gains.
  bool alone = false;
};

struct write_options {
  publish how = publish::atomic;
  uint32_t mode = 0640;
  uint32_t path_mode = 0750;
  /// Missing parent directories are made with `path_mode`.
  bool make_parents = true;
  bool sync = true;
  /// Synced together with others, by `sync_files`, where `may_sync_later` allows it.
  bool sync_later = false;
  /// An index, or what points to one: a driver with several connections writes it over the one that
  /// holds the locks of the command, so that it cannot appear after they are gone.
  bool under_lock = false;
  /// Errors of opening may come later, with a write or the commit: spares a round trip for each
  /// file where the other end is far away.
  bool may_open_late = false;
  std::optional<int64_t> mtime_s = {};
  std::optional<uint32_t> uid = {};
  std::optional<uint32_t> gid = {};
  /// For large files: lets the driver write O_DIRECT through the ring. May be null.
  io::io_engine* engine = nullptr;
  uint64_t size_hint_bytes = 0;
};

struct update_options {
  uint64_t size_bytes = 0; ///< of the file from now on: it is cut, or grows by zeros
  bool keep = false;       ///< what it held stays until it is overwritten
  uint32_t mode = 0640;
  bool sync = true;
  std::optional<int64_t> mtime_s = {};
  std::optional<uint32_t> uid = {};
  std::optional<uint32_t> gid = {};
  /// For the sync. May be null.
  io::io_engine* engine = nullptr;
};

struct storage_features {
  bool paths = true; ///< empty directories exist
  bool symlinks = false;
  bool hardlinks = false;
  /// What is worth reading at once: more, where every request has a long way.
  uint64_t batch_bytes = uint64_t{1} << 20;
  /// Between parts of a file that are wanted: so much is sooner read along than asked around.
  uint64_t read_over_bytes = uint64_t{64} << 10;
  /// How many files one thread may have whose commit is under way: more, where the answer has a
  /// long way.
  size_t settling_files = 64;
  /// What a writer may hold of its file until the commit is done.
  uint64_t writer_bytes = 0;
  /// What was in a file earlier, or in one that was removed, can be found and read: `versions`,
  /// `open_version`.
  bool versions = false;
  /// A name is durable only once the path it is in was synced. Otherwise syncing does nothing.
  bool path_sync = true;
  /// `move` works, and replaces in one step.
  bool rename = true;
  /// Files go out in parts of this size, and a new one is not to be seen before its commit, in
  /// place neither; 0: as they are written.
  uint64_t part_bytes = 0;
  /// `list_tree` asks once, not once for each path.
  bool tree_listing = false;
  /// Parts of a file can be written in any order: `open_update`.
  bool updates = false;
  /// `begin_small` asks at once: what is wanted soon is worth asking for, and the memory.
  bool reads_ahead = false;
};

/// Something that a file held until it was overwritten or removed, or holds now.
struct file_version {
  std::string id; ///< for `open_version`
  uint64_t size_bytes = 0;
  int64_t mtime_s = 0;
};

/// One file of a batch of small ones, or a part of one.
struct small_read {
  std::string path;
  uint64_t limit_bytes = 0; ///< at most this much is read; room in `content` is made by the driver
  uint64_t offset_bytes = 0;
  std::vector<std::byte> content = {};
  std::optional<error> failure = {};
};

/// Small files that were asked for. Dropped before they have come, they are given up.
class small_reads_ahead {
public:
  virtual ~small_reads_ahead() = default;
  /// All of them, in their order. To be called once, by any one thread.
  virtual std::vector<small_read> wait(io::io_engine* engine) = 0;
};

/// Files, paths and links below one root.
///
/// Every `path` is relative to the root, `/` separated, without empty, `.` or `..` segments; "" is
/// the root itself where a path is meant. Anything else is refused with `param_invalid` before the
/// disk is touched, and no symbolic link is followed, wherever it leads (`link_destination`).
/// `move` replaces an existing file and makes no parents; without `rename` it is refused with
/// feature_not_supported. `remove_tree` of "" removes the root too.
/// Error codes follow the verb: file_open (file_missing when absent), file_read, file_write,
/// path_create, path_open (path_missing), file_remove, path_remove, file_move, file_sync,
/// path_sync. A full disk is `file_write` with a hint that says how much space is left. A failure
/// is `transient` when the driver thinks another try worth it, after those of its own. Objects are
/// used by one thread at a time unless a driver says otherwise; posix and memory may be shared by
/// threads.
class storage {
public:
  virtual ~storage() = default;
  virtual storage_features features() const = 0;
  /// The root, for messages.
  virtual const std::string& root() const = 0;

  /// Empty when there is no such name; a link is told as such.
  virtual result<std::optional<entry_info>> info(std::string_view path) = 0;
  /// Of several names, in their order: for less where those of one path follow each other. The
  /// default asks for one after the other.
  virtual result<std::vector<std::optional<entry_info>>>
  many_infos(std::span<const std::string> paths);
  /// All entries of one path, sorted by name. Empty optional when the path does not exist.
  virtual result<std::optional<std::vector<entry>>> list(std::string_view path) = 0;
  /// The same one by one, in any order, so that a directory of a million files takes no memory; an
  /// error of `visit` ends it. False when the path does not exist. The default lists all of them.
  using entry_visitor = std::function<result<void>(entry& one)>;
  virtual result<bool> each_entry(std::string_view path, const entry_visitor& visit);
  /// A part of that, for directories of any size.
  struct list_page {
    std::vector<entry> entries = {};
    std::string next = {}; ///< what to go on after; empty: that was all
  };
  /// The first entries behind a name. The default lists all of them each time.
  /// @param after  "" begins at the beginning
  /// @param count  at most so many, at least 1
  virtual result<std::optional<list_page>> list_some(std::string_view path, std::string_view after,
                                                     size_t count);
  /// The entries of one path whose names begin so. The default lists all of them.
  /// @param beginning  a part of a path segment; "" is the beginning of all
  virtual result<std::optional<std::vector<entry>>> list_named(std::string_view path,
                                                               std::string_view beginning);
  /// All that is below a path, each named by its way from there (`a/b`), sorted by that name. Empty
  /// optional when the path does not exist. The default lists one path after the other, and passes
  /// over those that vanish meanwhile.
  virtual result<std::optional<std::vector<entry>>> list_tree(std::string_view path);

  virtual result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                        const read_options& options = {}) = 0;
  virtual result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                         const write_options& options = {}) = 0;
  /// A file of so many zero bytes, which take no room where the driver knows how. Nothing is to be
  /// written into it; it is committed as every other. The default writes the zeros.
  virtual result<std::unique_ptr<io::writer>>
  open_hollow(std::string_view path, uint64_t size_bytes, const write_options& options = {});
  /// Opens a file, or makes it, in a path that exists. Of several names of one file the others keep
  /// what it held, and nothing of that is kept under this one. feature_not_supported where
  /// `updates` is not claimed.
  virtual result<std::unique_ptr<io::updater>> open_update(std::string_view path,
                                                           const update_options& options);
  /// Reads many small files; failures are per file. The default opens one after the other.
  virtual void read_small(std::span<small_read> files, io::io_engine* engine);
  /// The same in two steps, so that the bytes of the next files come while others are worked on.
  /// The default, and every driver that does not claim `reads_ahead`, reads in the second one. The
  /// storage must outlive what is returned.
  virtual std::unique_ptr<small_reads_ahead> begin_small(std::vector<small_read> files);
  /// What a file held so far, the latest last; empty when there was none of that name.
  /// feature_not_supported where `versions` is not claimed.
  virtual result<std::vector<file_version>> versions(std::string_view path);
  /// One of those; file_missing when it is unknown.
  virtual result<std::unique_ptr<io::reader>>
  open_version(std::string_view path, std::string_view id, const read_options& options = {});

  virtual result<void> make_path(std::string_view path, uint32_t mode = 0750) = 0; ///< with parents
  /// Several, parents first. The default makes one after the other.
  virtual result<void> make_many_paths(std::span<const std::string> paths, uint32_t mode = 0750);
  virtual result<void> remove_file(std::string_view path) = 0; ///< a missing file is success
  /// Several, in any order and several at a time; after a failure it is not known which are gone.
  /// What a store holds stays, here and in a tree, and the others go: then it fails, `held`.
  /// Who needs an order asks for a few at a time. The default removes one after the other.
  virtual result<void> remove_files(std::span<const std::string> paths);
  virtual result<void>
  remove_tree(std::string_view path) = 0; ///< never follows links; missing is success
  /// Drops what was begun below a path before that time and nobody ended, where nobody sees it and
  /// it still takes room: parts of objects in a store. The default has nothing of the kind.
  virtual result<void> remove_unfinished(std::string_view path, int64_t before_s);
  virtual result<void> move(std::string_view from, std::string_view to) = 0;
  virtual result<void> make_symlink(std::string_view path, std::string_view destination) = 0;
  /// A second name `path` for the file `existing`; feature_not_supported where there are none.
  virtual result<void> make_hardlink(std::string_view path, std::string_view existing);
  virtual result<void> sync_path(std::string_view path) = 0;
  /// Several; those that are missing are passed over. The default syncs one after the other.
  virtual result<void> sync_many_paths(std::span<const std::string> paths);
  /// Makes durable what the files below the root hold, whoever wrote it. The default does nothing:
  /// a driver's own files are durable once they are committed.
  virtual result<void> sync_files();
  /// Files that are written with `sync_later` from now on are durable once `sync_files` has
  /// returned success. False where the driver cannot promise that: then each is synced as others
  /// are. The default cannot.
  virtual bool may_sync_later() { return false; }
  /// Changes mode, owner and time of a file or path where the driver can.
  struct attributes {
    std::optional<uint32_t> mode = {};
    std::optional<uint32_t> uid = {};
    std::optional<uint32_t> gid = {};
    std::optional<int64_t> mtime_s = {};
  };
  virtual result<void> set_attributes(std::string_view path, const attributes& wanted) = 0;
  /// Space left for us, where the driver can tell; also while the root does not exist yet.
  virtual result<std::optional<uint64_t>> free_bytes();
};

/// The whole content of a file of at most `limit_bytes` (`file_read` when it is larger).
result<std::string> read_all(storage& from, std::string_view path, uint64_t limit_bytes);
/// Writes a whole file, `under_lock`, to its end.
result<void> write_all(storage& to, std::string_view path, std::string_view content,
                       const write_options& options = {});

} // namespace pgbraid
