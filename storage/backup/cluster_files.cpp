// Opening the targets of a cluster.
// SPDX-License-Identifier: MIT
#include "storage/backup/cluster_files.hpp"

namespace pgbraid {

namespace {

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

cluster_file cluster_files::find(std::string_view name) const {
  if (const auto link = file_links_.find(name); link != file_links_.end())
    return {roots_.find(name)->second.get(), link->second};
  // The longest target that is a whole prefix of the name.
  for (auto end = name.rfind('/'); end != std::string_view::npos; end = name.rfind('/', end - 1)) {
    if (const auto root = roots_.find(name.substr(0, end)); root != roots_.end())
      return {root->second.get(), std::string(name.substr(end + 1))};
    if (end == 0)
      break;
  }
  return {};
}

uint32_t cluster_files::queue_of(std::string_view name) const {
  if (!name.starts_with(tablespace_prefix))
    return 0;
  const auto oid = name.substr(tablespace_prefix.size());
  const auto target = name.substr(0, tablespace_prefix.size() + oid.find('/'));
  return 1 + static_cast<uint32_t>(std::distance(roots_.begin(), roots_.find(target)));
}

} // namespace pgbraid
