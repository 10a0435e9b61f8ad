// Resolving paths in memory the way openat2 does with RESOLVE_NO_SYMLINKS.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/node_tree.hpp"

#include "storage/storage_path.hpp"

#include <algorithm>
#include <cerrno>
#include <set>

namespace pgbraid {

namespace {

uint64_t sum(const memory_node& node, std::set<const memory_node*>& seen) {
  uint64_t total = seen.insert(&node).second ? node.content.size() : 0;
  for (const auto& [name, child] : node.children)
    total += sum(*child, seen);
  return total;
}

} // namespace

node_tree::found node_tree::find(std::string_view path, bool last_counts) const {
  if (!root_)
    return {nullptr, ENOENT};
  node_ptr at = root_;
  for (size_t begin = 0; begin < path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    if (at->info.kind != entry_kind::path)
      return {nullptr, ENOTDIR};
    const auto child = at->children.find(path.substr(begin, end - begin));
    if (child == at->children.end())
      return {nullptr, ENOENT};
    at = child->second;
    if (at->info.kind == entry_kind::link && (last_counts || end < path.size()))
      return {nullptr, ELOOP};
    begin = end + 1;
  }
  return {at, 0};
}

node_tree::found node_tree::find_parent(std::string_view path) const {
  auto parent = find(split_path(path).parent, true);
  if (parent.node && parent.node->info.kind != entry_kind::path)
    return {nullptr, ENOTDIR};
  return parent;
}

int node_tree::make_path(std::string_view path, uint32_t mode) {
  const auto new_path = [mode] {
    auto made = std::make_shared<memory_node>();
    made->info.kind = entry_kind::path;
    made->info.mode = mode & 07777;
    made->names = 1;
    return made;
  };
  if (!root_)
    root_ = new_path();
  for (size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    const auto part = path.substr(0, end);
    auto there = find(part, true);
    if (there.error_number == ENOENT) {
      auto parent = find_parent(part);
      if (!parent.node)
        return parent.error_number;
      attach(*parent.node, split_path(part).name, new_path());
    } else if (!there.node) {
      return there.error_number;
    } else if (there.node->info.kind != entry_kind::path) {
      return ENOTDIR;
    }
  }
  return 0;
}

void node_tree::attach(memory_node& parent, std::string_view name, node_ptr child) {
  detach(parent, name);
  ++child->names;
  parent.children.emplace(name, std::move(child));
}

void node_tree::detach(memory_node& parent, std::string_view name) {
  const auto found = parent.children.find(name);
  if (found == parent.children.end())
    return;
  --found->second->names;
  parent.children.erase(found);
}

uint64_t node_tree::used_bytes() const {
  std::set<const memory_node*> seen;
  return root_ ? sum(*root_, seen) : 0;
}

} // namespace pgbraid
