// Opening the targets of a cluster.
// SPDX-License-Identifier: MIT
#include "storage/cluster/cluster_files.hpp"

namespace pgbraid {

namespace {

constexpr std::string_view data_target = "pg_data";
constexpr std::string_view tablespace_prefix = "pg_tblspc/";

} // namespace

result<cluster_files> cluster_files::open(const format::manifest& of,
                                          const storage_opener& opener) {
  cluster_files out;
  for (const auto& target : of.targets) {
    // The path of a target may be relative to where its link lies; the manifest resolves it.
    auto path = cluster_file_path(of, target.name);
    if (target.is_file_link())
      path.erase(path.rfind('/'));
    auto root = opener(path);
    if (!root)
      return root.failure();
    out.roots_[target.name] = std::move(*root);
    if (target.is_file_link())
      out.file_links_[target.name] = target.file;
  }
  return out;
}

/// The longest target that is a whole prefix of the name; empty when there is none.
std::string_view cluster_files::target_of(std::string_view name) const {
  for (auto end = name.rfind('/'); end != std::string_view::npos; end = name.rfind('/', end - 1)) {
    if (roots_.contains(name.substr(0, end)))
      return name.substr(0, end);
    if (end == 0)
      break;
  }
  return {};
}

cluster_file cluster_files::find(std::string_view name) const {
  if (const auto link = file_links_.find(name); link != file_links_.end())
    return {roots_.find(name)->second.get(), link->second};
  const auto target = target_of(name);
  if (target.empty())
    return {};
  return {roots_.find(target)->second.get(), std::string(name.substr(target.size() + 1))};
}

cluster_place cluster_files::place(std::string_view name) const {
  const bool is_link = file_links_.contains(name);
  const auto target = is_link ? name : target_of(name);
  const auto path = is_link || target.empty() ? std::string_view() : name.substr(target.size() + 1);
  if (target == data_target)
    return {{}, std::string(path)};
  const bool in_data =
      target.starts_with(data_target) && target.substr(data_target.size())[0] == '/';
  return {std::string(in_data ? target.substr(data_target.size() + 1) : target), std::string(path)};
}

uint32_t cluster_files::queue_of(std::string_view name) const {
  if (!name.starts_with(tablespace_prefix))
    return 0;
  const auto oid = name.substr(tablespace_prefix.size());
  const auto target = name.substr(0, tablespace_prefix.size() + oid.find('/'));
  return 1 + static_cast<uint32_t>(std::distance(roots_.begin(), roots_.find(target)));
}

} // namespace pgbraid
