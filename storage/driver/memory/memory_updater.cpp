// Changing nodes in place.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/memory_updater.hpp"

#include "engine/base/clock.hpp"
#include "storage/storage_path.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

namespace pgbraid {

namespace {

class memory_updater final : public io::updater {
public:
  memory_updater(std::shared_ptr<memory_state> owner, std::string path, node_ptr node,
                 const update_options& options, uint64_t kept_bytes)
      : owner_(std::move(owner)), path_(std::move(path)), node_(std::move(node)), options_(options),
        kept_bytes_(kept_bytes) {}

  uint64_t kept_bytes() const override { return kept_bytes_; }

  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override {
    const std::lock_guard guard(owner_->mutex);
    if (offset_bytes >= node_->content.size())
      return size_t{0};
    return node_->content.copy(reinterpret_cast<char*>(out.data()), out.size(), offset_bytes);
  }

  result<void> write_at(byte_view in, uint64_t offset_bytes) override {
    const std::lock_guard guard(owner_->mutex);
    assert(offset_bytes <= node_->content.size() &&
           in.size() <= node_->content.size() - offset_bytes);
    if (owner_->capacity_bytes && owner_->tree.used_bytes() > *owner_->capacity_bytes)
      return system_error(errc::file_write, "cannot write '" + owner_->shown(path_) + "'", ENOSPC);
    node_->content.replace(offset_bytes, in.size(), as_text(in));
    return success();
  }

  result<void> begin_commit() override { return success(); }

  // The first question that does not wait is answered with no, so that callers learn to ask again.
  result<bool> committed(bool wait) override {
    if (!wait && !std::exchange(asked_, true))
      return false;
    const std::lock_guard guard(owner_->mutex);
    node_->info.mtime_s = options_.mtime_s.value_or(wall_s());
    if (!std::exchange(kept_version_, true))
      owner_->keep_version(path_, *node_);
    return true;
  }

private:
  const std::shared_ptr<memory_state> owner_;
  const std::string path_;
  const node_ptr node_;
  const update_options options_;
  const uint64_t kept_bytes_;
  bool asked_ = false;
  bool kept_version_ = false;
};

} // namespace

result<std::unique_ptr<io::updater>> make_memory_updater(std::shared_ptr<memory_state> owner,
                                                         std::string_view path,
                                                         const update_options& options) {
  const std::lock_guard guard(owner->mutex);
  const auto parts = split_path(path);
  auto parent = owner->tree.find_parent(path);
  if (!parent.node)
    return owner->failed("open for writing in", parts.parent, parent.error_number,
                         errc::file_missing, errc::file_open);
  const auto old = parent.node->children.find(parts.name);
  const bool exists = old != parent.node->children.end();
  if (exists && old->second->info.kind != entry_kind::file)
    return owner->failed("open for writing", path,
                         old->second->info.kind == entry_kind::link ? ELOOP : EISDIR,
                         errc::file_missing, errc::file_open);
  auto node = exists && old->second->names == 1 ? old->second : std::make_shared<memory_node>();
  if (!options.keep)
    node->content.clear();
  const auto kept = std::min<uint64_t>(node->content.size(), options.size_bytes);
  node->content.resize(options.size_bytes);
  node->info = {.size_bytes = options.size_bytes,
                .mtime_s = wall_s(),
                .mode = options.mode & 07777,
                .uid = options.uid.value_or(0),
                .gid = options.gid.value_or(0)};
  if (!exists || old->second != node)
    node_tree::attach(*parent.node, parts.name, node);
  return std::unique_ptr<io::updater>(std::make_unique<memory_updater>(
      std::move(owner), std::string(path), std::move(node), options, kept));
}

} // namespace pgbraid
