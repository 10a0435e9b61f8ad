// The contract on a tree of nodes behind one lock.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/memory_storage.hpp"

#include "engine/base/clock.hpp"
#include "storage/driver/memory/memory_files.hpp"
#include "storage/driver/memory/memory_updater.hpp"
#include "storage/storage_path.hpp"

#include <algorithm>
#include <cerrno>

namespace pgbraid {

namespace {

/// All that is below a node, each named by its way from the top.
void add_below(const memory_node& node, std::string_view way, std::vector<entry>& to) {
  for (const auto& [name, child] : node.children) {
    to.push_back({join_path(way, name), child->info});
    add_below(*child, join_path(way, name), to);
  }
}

} // namespace

memory_storage::memory_storage(std::string root, storage_features features)
    : state_(std::make_shared<memory_state>(std::move(root), features)) {}
memory_storage::~memory_storage() = default;

void memory_storage::set_capacity(std::optional<uint64_t> total_bytes) {
  const std::lock_guard guard(state_->mutex);
  state_->capacity_bytes = total_bytes;
}
uint64_t memory_storage::used_bytes() const {
  const std::lock_guard guard(state_->mutex);
  return state_->tree.used_bytes();
}
std::optional<std::string> memory_storage::content(std::string_view path, size_t offset,
                                                   size_t bytes) const {
  const std::lock_guard guard(state_->mutex);
  auto found = state_->tree.find(path, false);
  if (!found.node || found.node->info.kind != entry_kind::file)
    return {};
  const auto& all = found.node->content;
  return all.substr(std::min(offset, all.size()), bytes);
}

// ---- looking

error memory_storage::cannot(std::string_view verb, std::string_view path,
                             std::string_view why) const {
  return {errc::feature_not_supported, "cannot " + std::string(verb) + " '" + state_->shown(path) +
                                           "': this storage " + std::string(why)};
}

storage_features memory_storage::features() const {
  return state_->features;
}
const std::string& memory_storage::root() const {
  return state_->root;
}

result<std::optional<entry_info>> memory_storage::info(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  const std::lock_guard guard(state_->mutex);
  auto found = state_->tree.find(path, false);
  if (found.node)
    return std::optional(found.node->info);
  if (found.error_number == ENOENT || found.error_number == ENOTDIR)
    return std::optional<entry_info>();
  return state_->failed("get information about", path, found.error_number, errc::file_missing,
                        errc::file_open);
}

/// A path that can be listed; null when it is missing. Under the lock.
result<node_ptr> memory_storage::find_path(std::string_view path) const {
  auto found = state_->tree.find(path, false);
  if (found.error_number == ENOENT)
    return node_ptr();
  if (found.node && found.node->info.kind != entry_kind::path)
    found = {nullptr, found.node->info.kind == entry_kind::link ? ELOOP : ENOTDIR};
  if (!found.node)
    return state_->failed("list", path, found.error_number, errc::path_open, errc::path_open);
  return found.node;
}

result<std::optional<std::vector<entry>>> memory_storage::list(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  const std::lock_guard guard(state_->mutex);
  auto found = find_path(path);
  if (!found)
    return found.failure();
  if (!*found)
    return std::optional<std::vector<entry>>();
  std::vector<entry> all;
  for (const auto& [name, child] : (*found)->children)
    all.push_back({name, child->info});
  return std::optional(std::move(all));
}

result<std::optional<std::vector<entry>>> memory_storage::list_tree(std::string_view path) {
  if (!state_->features.tree_listing)
    return storage::list_tree(path);
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  const std::lock_guard guard(state_->mutex);
  auto top = find_path(path);
  if (!top)
    return top.failure();
  if (!*top)
    return std::optional<std::vector<entry>>();
  std::vector<entry> all;
  add_below(**top, {}, all);
  std::ranges::sort(all, {}, &entry::name);
  return std::optional(std::move(all));
}

// ---- content

result<std::unique_ptr<io::reader>> memory_storage::open_read(std::string_view path,
                                                              const read_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
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
  return make_memory_reader(state_, found.node, options);
}

result<std::unique_ptr<io::writer>> memory_storage::open_write(std::string_view path,
                                                               const write_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  if (path.empty())
    return error{errc::param_invalid, "cannot write '" + root() + "': it is a path"};
  return make_memory_writer(state_, path, options);
}

result<std::unique_ptr<io::updater>> memory_storage::open_update(std::string_view path,
                                                                 const update_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  if (!state_->features.updates)
    return storage::open_update(path, options);
  if (path.empty())
    return error{errc::param_invalid, "cannot write '" + root() + "': it is a path"};
  return make_memory_updater(state_, path, options);
}

result<std::vector<file_version>> memory_storage::versions(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  if (!state_->features.versions)
    return storage::versions(path);
  const std::lock_guard guard(state_->mutex);
  std::vector<file_version> out;
  if (const auto found = state_->versions.find(path); found != state_->versions.end())
    for (const auto& one : found->second)
      out.push_back(one.about);
  return out;
}

result<std::unique_ptr<io::reader>> memory_storage::open_version(std::string_view path,
                                                                 std::string_view id,
                                                                 const read_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  if (!state_->features.versions)
    return storage::open_version(path, id, options);
  const std::lock_guard guard(state_->mutex);
  if (const auto found = state_->versions.find(path); found != state_->versions.end())
    for (const auto& one : found->second)
      if (one.about.id == id)
        return make_memory_reader(state_, one.content, options);
  return error{errc::file_missing, "cannot open '" + state_->shown(path) +
                                       "' for reading: it has no version '" + std::string(id) +
                                       "'"};
}

// ---- changing

result<void> memory_storage::make_path(std::string_view path, uint32_t mode) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  const std::lock_guard guard(state_->mutex);
  if (const int failure = state_->tree.make_path(path, mode); failure != 0)
    return state_->failed("make", path, failure, errc::path_create, errc::path_create);
  return success();
}

result<void> memory_storage::remove_file(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
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
  if (!state_->features.rename)
    return cannot("move", from, "has no rename");
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
  if (!from_path)
    state_->keep_version(to, *source.node);
  return success();
}

result<void> memory_storage::make_symlink(std::string_view path, std::string_view destination) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  if (!state_->features.symlinks)
    return cannot("make the link", path, "has no symbolic links");
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
  if (!state_->features.hardlinks)
    return storage::make_hardlink(path, existing);
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
