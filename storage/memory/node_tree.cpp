// Resolving paths in memory the way openat2 does with RESOLVE_BENEATH.
// SPDX-License-Identifier: MIT
#include "storage/memory/node_tree.hpp"

#include "storage/path.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <set>
#include <vector>

namespace pgbraid {

namespace {

constexpr int link_limit = 40;

void put_in_front(std::deque<std::string>& segments, std::string_view path) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    if (end > begin)
      parts.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  segments.insert(segments.begin(), parts.begin(), parts.end());
}

uint64_t sum(const memory_node& node, std::set<const memory_node*>& seen) {
  uint64_t total = seen.insert(&node).second ? node.content.size() : 0;
  for (const auto& [name, child] : node.children)
    total += sum(*child, seen);
  return total;
}

} // namespace

node_tree::found node_tree::find(std::string_view path, bool follow_last) const {
  if (!root_)
    return {nullptr, ENOENT};
  std::vector<node_ptr> way = {root_};
  std::deque<std::string> segments;
  put_in_front(segments, path);
  int links = 0;
  while (!segments.empty()) {
    const auto segment = std::move(segments.front());
    segments.pop_front();
    if (segment == ".")
      continue;
    if (segment == "..") { // only link destinations have these
      way.pop_back();
      if (way.empty())
        return {nullptr, EXDEV};
      continue;
    }
    if (way.back()->info.kind != entry_kind::path)
      return {nullptr, ENOTDIR};
    const auto child = way.back()->children.find(segment);
    if (child == way.back()->children.end())
      return {nullptr, ENOENT};
    const auto& next = child->second;
    if (next->info.kind == entry_kind::link && (follow_last || !segments.empty())) {
      if (++links > link_limit)
        return {nullptr, ELOOP};
      if (next->info.link_destination.starts_with('/'))
        return {nullptr, EXDEV};
      put_in_front(segments, next->info.link_destination);
      continue;
    }
    way.push_back(next);
  }
  return {way.back(), 0};
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
      if (find(part, false).node)
        return ENOENT; // a dangling link
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
