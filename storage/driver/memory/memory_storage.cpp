// The contract on a tree of nodes behind one lock.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/memory_storage.hpp"

#include "engine/base/clock.hpp"
#include "engine/io/temporary_name.hpp"
#include "storage/driver/memory/fault_plan.hpp"
#include "storage/driver/memory/node_tree.hpp"
#include "storage/storage_path.hpp"

#include <algorithm>
#include <cerrno>

namespace pgbraid {

struct memory_storage::state {
  explicit state(std::string name, storage_features can) : root(std::move(name)), features(can) {}

  /// Counts the use; the fault planned for it or asked for by the hook, if any. Takes the lock
  /// itself.
  std::optional<fault_plan::fault> trip(memory_verb verb, std::string_view path);
  error failed(std::string_view verb, std::string_view path, int error_number, errc missing,
               errc other) const;
  std::string shown(std::string_view path) const {
    return path.empty() ? root : root + "/" + std::string(path);
  }

  const std::string root;
  const storage_features features;
  mutable std::mutex mutex; ///< guards all below
  node_tree tree;
  fault_plan faults;
  hook called;
  std::optional<uint64_t> capacity_bytes;
};

std::optional<fault_plan::fault> memory_storage::state::trip(memory_verb verb,
                                                             std::string_view path) {
  hook wanted;
  std::optional<fault_plan::fault> planned;
  {
    const std::lock_guard guard(mutex);
    wanted = called;
    planned = faults.trip(verb);
  }
  if (planned)
    return planned;
  auto failure = wanted ? wanted(verb, path) : std::nullopt;
  return failure ? std::optional(fault_plan::fault{*failure}) : std::nullopt;
}

error memory_storage::state::failed(std::string_view verb, std::string_view path, int error_number,
                                    errc missing, errc other) const {
  const auto what = "cannot " + std::string(verb) + " '" + shown(path) + "'";
  if (error_number == EXDEV || error_number == ELOOP)
    return {errc::link_destination,
            what + ": a symbolic link is in the way, and below '" + root + "' none is followed",
            "What is to lie elsewhere can be mounted there (mount --bind)."};
  const bool absent = error_number == ENOENT || error_number == ENOTDIR;
  return system_error(absent ? missing : other, what, error_number);
}

// ---- reading

class memory_storage::memory_reader final : public io::reader {
public:
  memory_reader(std::shared_ptr<state> owner, std::string path, node_ptr node,
                const read_options& options)
      : owner_(std::move(owner)), path_(std::move(path)), node_(std::move(node)),
        position_bytes_(options.offset_bytes), left_bytes_(options.limit_bytes) {}

  result<size_t> read(byte_span out) override {
    if (left_bytes_)
      out = out.first(static_cast<size_t>(std::min<uint64_t>(out.size(), *left_bytes_)));
    auto got = read_at(out, position_bytes_);
    if (!got)
      return got;
    position_bytes_ += *got;
    if (left_bytes_)
      *left_bytes_ -= *got;
    return got;
  }

  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override {
    if (auto fault = owner_->trip(memory_verb::read, path_))
      return fault->failure;
    const std::lock_guard guard(owner_->mutex);
    if (offset_bytes >= node_->content.size())
      return size_t{0};
    return node_->content.copy(reinterpret_cast<char*>(out.data()), out.size(), offset_bytes);
  }

private:
  std::shared_ptr<state> owner_;
  std::string path_;
  node_ptr node_;
  uint64_t position_bytes_;
  std::optional<uint64_t> left_bytes_;
};

result<std::unique_ptr<io::reader>> memory_storage::open_read(std::string_view path,
                                                              const read_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  if (auto fault = state_->trip(memory_verb::open_read, path))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  auto found = state_->tree.find(path, false);
  int failure = found.error_number;
  if (found.node && found.node->info.kind == entry_kind::link)
    failure = ELOOP;
  if (failure != 0)
    return state_->failed("open", path, failure, errc::file_missing, errc::file_open);
  if (found.node->info.kind != entry_kind::file)
    return error{errc::file_open,
                 "cannot open '" + state_->shown(path) + "' for reading: it is not a file"};
  return std::unique_ptr<io::reader>(
      std::make_unique<memory_reader>(state_, std::string(path), found.node, options));
}

// ---- writing

class memory_storage::memory_writer final : public io::writer {
public:
  /// @param written  the name it has until it is published
  memory_writer(std::shared_ptr<state> owner, std::string path, std::string written,
                node_ptr parent, node_ptr node, const write_options& options)
      : owner_(std::move(owner)), path_(std::move(path)), name_(split_path(path_).name),
        written_(std::move(written)), parent_(std::move(parent)), node_(std::move(node)),
        options_(options) {}
  ~memory_writer() override {
    const std::lock_guard guard(owner_->mutex);
    if (options_.how == publish::atomic && !published_)
      remove_temporary();
  }

  result<void> write(byte_view in) override;
  result<void> begin_commit() override;
  result<bool> committed(bool wait) override;

private:
  result<void> keep(byte_view in);
  result<void> remember(error what) {
    failure_ = what;
    return what;
  }
  bool has_temporary() const {
    const auto found = parent_->children.find(written_);
    return found != parent_->children.end() && found->second == node_;
  }
  void remove_temporary() {
    if (has_temporary())
      node_tree::detach(*parent_, written_);
  }

  std::shared_ptr<state> owner_;
  std::string path_;
  std::string name_;
  std::string written_;
  node_ptr parent_;
  node_ptr node_;
  write_options options_;
  std::optional<error> failure_;
  bool begun_ = false;
  bool asked_ = false;
  bool published_ = false;
};

result<void> memory_storage::memory_writer::write(byte_view in) {
  assert(!begun_);
  if (failure_)
    return *failure_;
  const auto fault = owner_->trip(memory_verb::write, path_);
  if (!fault)
    return keep(in);
  if (auto kept = keep(in.first(std::min(in.size(), fault->keep_bytes))); !kept)
    return kept;
  return remember(fault->failure);
}

result<void> memory_storage::memory_writer::keep(byte_view in) {
  const std::lock_guard guard(owner_->mutex);
  auto fits = in.size();
  uint64_t free = 0;
  if (owner_->capacity_bytes) {
    // A file that lost its name meanwhile is not counted; nothing depends on that.
    const auto used = owner_->tree.used_bytes();
    free = *owner_->capacity_bytes - std::min(used, *owner_->capacity_bytes);
    fits = static_cast<size_t>(std::min<uint64_t>(fits, free));
  }
  node_->content.append(as_text(in.first(fits)));
  node_->info.size_bytes = node_->content.size();
  if (fits == in.size())
    return success();
  auto failure =
      system_error(errc::file_write, "cannot write '" + owner_->shown(path_) + "'", ENOSPC);
  failure.hint = "There are " + std::to_string(free - fits) + " bytes free there.\nAbout " +
                 std::to_string(in.size() - fits) + " more bytes were needed for this file.";
  return remember(std::move(failure));
}

result<void> memory_storage::memory_writer::begin_commit() {
  assert(!begun_);
  if (failure_)
    return *failure_;
  begun_ = true;
  if (options_.sync)
    if (auto fault = owner_->trip(memory_verb::sync, path_))
      return remember(fault->failure);
  return success();
}

// The first question that does not wait is answered with no, so that callers learn to ask again.
result<bool> memory_storage::memory_writer::committed(bool wait) {
  assert(begun_ || failure_);
  if (failure_)
    return *failure_;
  if (published_)
    return true;
  if (!wait && !std::exchange(asked_, true))
    return false;
  if (options_.how == publish::atomic)
    if (auto fault = owner_->trip(memory_verb::publish, path_))
      return remember(fault->failure).failure();
  const std::lock_guard guard(owner_->mutex);
  node_->info.mtime_s = options_.mtime_s.value_or(wall_s());
  if (options_.how == publish::atomic) {
    const auto old = parent_->children.find(name_);
    if (old != parent_->children.end() && old->second->info.kind == entry_kind::path)
      return remember(owner_->failed("rename to", path_, EISDIR, errc::file_move, errc::file_move))
          .failure();
    if (!has_temporary())
      return remember(owner_->failed("rename", path_, ENOENT, errc::file_move, errc::file_move))
          .failure();
    remove_temporary();
    node_tree::attach(*parent_, name_, node_);
  }
  published_ = true;
  return true;
}

result<std::unique_ptr<io::writer>> memory_storage::open_write(std::string_view path,
                                                               const write_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  const auto parts = split_path(path);
  if (parts.name.empty())
    return error{errc::param_invalid, "cannot write '" + root() + "': it is a path"};
  if (auto fault = state_->trip(memory_verb::open_write, path))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  auto parent = state_->tree.find_parent(path);
  if (parent.error_number == ENOENT && options.make_parents) {
    if (const int failure = state_->tree.make_path(parts.parent, options.path_mode); failure != 0)
      return state_->failed("make", parts.parent, failure, errc::path_create, errc::path_create);
    parent = state_->tree.find_parent(path);
  }
  if (!parent.node)
    return state_->failed("open for writing in", parts.parent, parent.error_number,
                          errc::file_missing, errc::file_open);
  const bool atomic = options.how == publish::atomic;
  const auto name = atomic ? io::own_temporary_name(parts.name) : std::string(parts.name);
  const auto old = parent.node->children.find(name);
  if (old != parent.node->children.end() && old->second->info.kind != entry_kind::file)
    return state_->failed("open for writing", path,
                          old->second->info.kind == entry_kind::link && !atomic ? ELOOP : EISDIR,
                          errc::file_missing, errc::file_open);
  auto node = !atomic && old != parent.node->children.end() && old->second->names == 1
                  ? old->second // cut, as posix does
                  : std::make_shared<memory_node>();
  node->content.clear();
  node->info = {.mtime_s = wall_s(),
                .mode = options.mode & 07777,
                .uid = options.uid.value_or(0),
                .gid = options.gid.value_or(0)};
  node_tree::attach(*parent.node, name, node);
  return std::unique_ptr<io::writer>(
      std::make_unique<memory_writer>(state_, std::string(path), name, parent.node, node, options));
}

// ---- faults

memory_storage::memory_storage(std::string root, storage_features features)
    : state_(std::make_shared<state>(std::move(root), features)) {}
memory_storage::~memory_storage() = default;

void memory_storage::fail(memory_verb verb, uint64_t nth, error failure, bool onwards) {
  const std::lock_guard guard(state_->mutex);
  state_->faults.add(verb, nth, {std::move(failure)}, onwards);
}
void memory_storage::tear_write(uint64_t nth, size_t keep_bytes, error failure) {
  const std::lock_guard guard(state_->mutex);
  state_->faults.add(memory_verb::write, nth, {std::move(failure), keep_bytes}, false);
}
void memory_storage::set_capacity(std::optional<uint64_t> total_bytes) {
  const std::lock_guard guard(state_->mutex);
  state_->capacity_bytes = total_bytes;
}
void memory_storage::set_hook(hook called) {
  const std::lock_guard guard(state_->mutex);
  state_->called = std::move(called);
}
void memory_storage::clear_faults() {
  const std::lock_guard guard(state_->mutex);
  state_->faults.clear();
  state_->called = nullptr;
  state_->capacity_bytes.reset();
}
uint64_t memory_storage::used(memory_verb verb) const {
  const std::lock_guard guard(state_->mutex);
  return state_->faults.used(verb);
}
uint64_t memory_storage::used_bytes() const {
  const std::lock_guard guard(state_->mutex);
  return state_->tree.used_bytes();
}
std::optional<std::string> memory_storage::content(std::string_view path) const {
  const std::lock_guard guard(state_->mutex);
  auto found = state_->tree.find(path, false);
  if (!found.node || found.node->info.kind != entry_kind::file)
    return {};
  return found.node->content;
}

// ---- names

storage_features memory_storage::features() const {
  return state_->features;
}
const std::string& memory_storage::root() const {
  return state_->root;
}

result<std::optional<entry_info>> memory_storage::info(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  if (auto fault = state_->trip(memory_verb::info, path))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  auto found = state_->tree.find(path, false);
  if (found.node)
    return std::optional(found.node->info);
  if (found.error_number == ENOENT || found.error_number == ENOTDIR)
    return std::optional<entry_info>();
  return state_->failed("get information about", path, found.error_number, errc::file_missing,
                        errc::file_open);
}

result<std::optional<std::vector<entry>>> memory_storage::list(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  if (auto fault = state_->trip(memory_verb::list, path))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  auto found = state_->tree.find(path, false);
  if (found.error_number == ENOENT)
    return std::optional<std::vector<entry>>();
  if (found.node && found.node->info.kind != entry_kind::path)
    found = {nullptr, found.node->info.kind == entry_kind::link ? ELOOP : ENOTDIR};
  if (!found.node)
    return state_->failed("list", path, found.error_number, errc::path_open, errc::path_open);
  std::vector<entry> all;
  for (const auto& [name, child] : found.node->children)
    all.push_back({name, child->info});
  return std::optional(std::move(all));
}

result<void> memory_storage::make_path(std::string_view path, uint32_t mode) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  if (auto fault = state_->trip(memory_verb::make_path, path))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  if (const int failure = state_->tree.make_path(path, mode); failure != 0)
    return state_->failed("make", path, failure, errc::path_create, errc::path_create);
  return success();
}

result<void> memory_storage::remove_file(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  if (auto fault = state_->trip(memory_verb::remove, path))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  auto parent = state_->tree.find_parent(path);
  int failure = parent.error_number;
  const auto name = split_path(path).name;
  if (parent.node) {
    const auto found = parent.node->children.find(name);
    if (found == parent.node->children.end())
      return success();
    failure = found->second->info.kind == entry_kind::path ? EISDIR : 0;
  }
  if (failure == ENOENT || failure == ENOTDIR)
    return success();
  if (failure != 0)
    return state_->failed("remove", path, failure, errc::file_remove, errc::file_remove);
  node_tree::detach(*parent.node, name);
  return success();
}

result<void> memory_storage::remove_tree(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  if (auto fault = state_->trip(memory_verb::remove, path))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  if (path.empty()) {
    state_->tree.remove_root();
    return success();
  }
  auto parent = state_->tree.find_parent(path);
  if (parent.node)
    node_tree::detach(*parent.node, split_path(path).name);
  else if (parent.error_number != ENOENT && parent.error_number != ENOTDIR)
    return state_->failed("remove", path, parent.error_number, errc::path_remove,
                          errc::path_remove);
  return success();
}

result<void> memory_storage::move(std::string_view from, std::string_view to) {
  for (const auto one : {from, to})
    if (auto fine = check_storage_path(one); !fine)
      return fine;
  if (auto fault = state_->trip(memory_verb::move, from))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  auto source = state_->tree.find(from, false);
  auto source_parent = state_->tree.find_parent(from);
  auto target_parent = state_->tree.find_parent(to);
  for (const auto& one : {source, source_parent})
    if (!one.node)
      return state_->failed("move", from, one.error_number, errc::file_missing, errc::file_move);
  if (!target_parent.node)
    return state_->failed("move to", to, target_parent.error_number, errc::file_missing,
                          errc::file_move);
  auto target = state_->tree.find(to, false);
  if (target.node == source.node)
    return success();
  if (to.starts_with(std::string(from) + "/"))
    return state_->failed("move", from, EINVAL, errc::file_move, errc::file_move);
  const bool from_path = source.node->info.kind == entry_kind::path;
  if (target.node && target.node->info.kind == entry_kind::path &&
      (!from_path || !target.node->children.empty()))
    return state_->failed("move to", to, from_path ? ENOTEMPTY : EISDIR, errc::file_move,
                          errc::file_move);
  if (target.node && target.node->info.kind != entry_kind::path && from_path)
    return state_->failed("move to", to, ENOTDIR, errc::file_move, errc::file_move);
  node_tree::detach(*source_parent.node, split_path(from).name);
  node_tree::attach(*target_parent.node, split_path(to).name, source.node);
  return success();
}

result<void> memory_storage::make_symlink(std::string_view path, std::string_view destination) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  if (auto fault = state_->trip(memory_verb::link, path))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  auto parent = state_->tree.find_parent(path);
  const auto name = split_path(path).name;
  int failure = parent.error_number;
  if (parent.node && parent.node->children.contains(name))
    failure = EEXIST;
  if (failure != 0)
    return state_->failed("make the link", path, failure, errc::path_missing,
                          failure == EEXIST ? errc::file_exists : errc::file_write);
  auto made = std::make_shared<memory_node>();
  made->info = {.kind = entry_kind::link,
                .mtime_s = wall_s(),
                .mode = 0777,
                .link_destination = std::string(destination)};
  node_tree::attach(*parent.node, name, std::move(made));
  return success();
}

result<void> memory_storage::make_hardlink(std::string_view path, std::string_view existing) {
  for (const auto one : {path, existing})
    if (auto fine = check_storage_path(one); !fine)
      return fine;
  if (auto fault = state_->trip(memory_verb::link, path))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  auto source = state_->tree.find(existing, false);
  auto parent = state_->tree.find_parent(path);
  const auto name = split_path(path).name;
  int failure = source.error_number != 0 ? source.error_number : parent.error_number;
  if (failure == 0 && source.node->info.kind == entry_kind::path)
    failure = EPERM;
  if (failure == 0 && parent.node->children.contains(name))
    failure = EEXIST;
  if (failure != 0)
    return state_->failed("make the link", path, failure, errc::file_missing,
                          failure == EEXIST ? errc::file_exists : errc::file_write);
  node_tree::attach(*parent.node, name, source.node);
  return success();
}

result<void> memory_storage::sync_path(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  if (auto fault = state_->trip(memory_verb::sync_path, path))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  auto found = state_->tree.find(path, true);
  if (found.node && found.node->info.kind != entry_kind::path)
    found = {nullptr, ENOTDIR};
  if (!found.node)
    return state_->failed("sync", path, found.error_number, errc::path_missing, errc::path_open);
  return success();
}

result<void> memory_storage::set_attributes(std::string_view path, const attributes& wanted) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  if (auto fault = state_->trip(memory_verb::set_attributes, path))
    return fault->failure;
  const std::lock_guard guard(state_->mutex);
  auto found = state_->tree.find(path, false);
  if (!found.node)
    return state_->failed("change", path, found.error_number, errc::file_missing, errc::file_open);
  auto& info = found.node->info;
  if (wanted.mode && info.kind != entry_kind::link)
    info.mode = *wanted.mode & 07777;
  info.uid = wanted.uid.value_or(info.uid);
  info.gid = wanted.gid.value_or(info.gid);
  info.mtime_s = wanted.mtime_s.value_or(info.mtime_s);
  return success();
}

result<std::optional<uint64_t>> memory_storage::free_bytes() {
  const std::lock_guard guard(state_->mutex);
  if (!state_->capacity_bytes)
    return std::optional<uint64_t>();
  return std::optional(*state_->capacity_bytes -
                       std::min(*state_->capacity_bytes, state_->tree.used_bytes()));
}

} // namespace pgbraid
