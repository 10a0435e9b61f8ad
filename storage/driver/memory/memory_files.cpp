// Reading and writing nodes.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/memory_files.hpp"

#include "engine/base/clock.hpp"
#include "engine/io/temporary_name.hpp"
#include "storage/storage_path.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

namespace pgbraid {

namespace {

class memory_reader final : public io::reader {
public:
  memory_reader(std::shared_ptr<memory_state> owner, node_ptr node, const read_options& options)
      : owner_(std::move(owner)), node_(std::move(node)), position_bytes_(options.offset_bytes),
        left_bytes_(options.limit_bytes) {}

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
    const std::lock_guard guard(owner_->mutex);
    if (offset_bytes >= node_->content.size())
      return size_t{0};
    return node_->content.copy(reinterpret_cast<char*>(out.data()), out.size(), offset_bytes);
  }

private:
  std::shared_ptr<memory_state> owner_;
  node_ptr node_;
  uint64_t position_bytes_;
  std::optional<uint64_t> left_bytes_;
};

class memory_writer final : public io::writer {
public:
  /// @param written  the name it has until it is published; empty: none
  memory_writer(std::shared_ptr<memory_state> owner, std::string path, std::string written,
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
  error remember(error what) {
    failure_ = what;
    return what;
  }
  error not_renamed(std::string_view verb, int error_number) {
    return remember(owner_->failed(verb, path_, error_number, errc::file_move, errc::file_move));
  }
  bool has_temporary() const {
    const auto found = parent_->children.find(written_);
    return found != parent_->children.end() && found->second == node_;
  }
  void remove_temporary() {
    if (has_temporary())
      node_tree::detach(*parent_, written_);
  }
  result<void> name_it();

  std::shared_ptr<memory_state> owner_;
  std::string path_;
  std::string name_;
  std::string written_;
  node_ptr parent_;
  node_ptr node_;
  write_options options_;
  std::optional<error> failure_ = {};
  bool begun_ = false;
  bool asked_ = false;
  bool published_ = false;
};

result<void> memory_writer::write(byte_view in) {
  assert(!begun_);
  if (failure_)
    return *failure_;
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

result<void> memory_writer::begin_commit() {
  assert(!begun_);
  if (failure_)
    return *failure_;
  begun_ = true;
  return success();
}

// The first question that does not wait is answered with no, so that callers learn to ask again.
result<bool> memory_writer::committed(bool wait) {
  assert(begun_ || failure_);
  if (failure_)
    return *failure_;
  if (published_)
    return true;
  if (!wait && !std::exchange(asked_, true))
    return false;
  const std::lock_guard guard(owner_->mutex);
  node_->info.mtime_s = options_.mtime_s.value_or(wall_s());
  if (options_.how == publish::atomic || written_.empty())
    if (auto named = name_it(); !named)
      return named.failure();
  owner_->keep_version(path_, *node_);
  published_ = true;
  return true;
}

result<void> memory_writer::name_it() {
  const auto old = parent_->children.find(name_);
  if (old != parent_->children.end() && old->second->info.kind == entry_kind::path)
    return not_renamed("rename to", EISDIR);
  if (!written_.empty() && !has_temporary())
    return not_renamed("rename", ENOENT);
  remove_temporary();
  node_tree::attach(*parent_, name_, node_);
  return success();
}

/// The directory to write in.
result<node_ptr> parent_for_write(memory_state& in, std::string_view path,
                                  const write_options& options) {
  const auto above = split_path(path).parent;
  auto parent = in.tree.find_parent(path);
  if (parent.error_number == ENOENT && options.make_parents) {
    if (const int failure = in.tree.make_path(above, options.path_mode); failure != 0)
      return in.failed("make", above, failure, errc::path_create, errc::path_create);
    parent = in.tree.find_parent(path);
  }
  if (!parent.node)
    return in.failed("open for writing in", above, parent.error_number, errc::file_missing,
                     errc::file_open);
  return parent.node;
}

} // namespace

std::unique_ptr<io::reader> make_memory_reader(std::shared_ptr<memory_state> owner, node_ptr node,
                                               const read_options& options) {
  return std::make_unique<memory_reader>(std::move(owner), std::move(node), options);
}

std::unique_ptr<io::reader> make_memory_reader(std::shared_ptr<memory_state> owner,
                                               std::string content, const read_options& options) {
  auto node = std::make_shared<memory_node>();
  node->content = std::move(content);
  return make_memory_reader(std::move(owner), std::move(node), options);
}

result<std::unique_ptr<io::writer>> make_memory_writer(std::shared_ptr<memory_state> owner,
                                                       std::string_view path,
                                                       const write_options& options) {
  const std::lock_guard guard(owner->mutex);
  auto parent = parent_for_write(*owner, path, options);
  if (!parent)
    return parent.failure();
  auto& names = (*parent)->children;
  const bool atomic = options.how == publish::atomic;
  const auto own = std::string(split_path(path).name);
  const auto name = atomic ? io::own_temporary_name(own) : own;
  const auto old = names.find(name);
  if (old != names.end() && old->second->info.kind != entry_kind::file)
    return owner->failed("open for writing", path,
                         old->second->info.kind == entry_kind::link && !atomic ? ELOOP : EISDIR,
                         errc::file_missing, errc::file_open);
  const bool in_parts = owner->features.part_bytes != 0;
  auto node = !atomic && !in_parts && old != names.end() && old->second->names == 1
                  ? old->second // cut, as posix does
                  : std::make_shared<memory_node>();
  node->content.clear();
  node->info = {.mtime_s = wall_s(),
                .mode = options.mode & 07777,
                .uid = options.uid.value_or(0),
                .gid = options.gid.value_or(0)};
  if (!in_parts)
    node_tree::attach(**parent, name, node);
  return std::unique_ptr<io::writer>(
      std::make_unique<memory_writer>(std::move(owner), std::string(path),
                                      in_parts ? std::string() : name, *parent, node, options));
}

} // namespace pgbraid
