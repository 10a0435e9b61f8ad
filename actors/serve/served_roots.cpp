// Deciding what a connection may reach.
// SPDX-License-Identifier: MIT
#include "actors/serve/served_roots.hpp"

#include "actors/serve/service.hpp"
#include "engine/base/log.hpp"
#include "engine/base/printable.hpp"
#include "engine/format/repository_reach.hpp"
#include "storage/cluster/target_location.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "storage/storage_path.hpp"

#include <algorithm>

namespace pgbraid::serve {

namespace {

constexpr size_t destinations_max = 4096;
constexpr size_t open_max = 256;
/// How far a search for links goes.
constexpr size_t depth_max = 32;
constexpr size_t entries_max = 50'000'000;
/// Refusals of one connection that get a line in the log: it is no place for others to fill.
constexpr unsigned refusals_logged_max = 100;

bool is_plain_absolute(std::string_view root) {
  return root == "/" ||
         (root.size() > 1 && root.front() == '/' && check_storage_path(root.substr(1)));
}

} // namespace

served_roots::served_roots(const grants& may)
    : repo_path_(may.repo_path), opener_(may.open_repo), pg_path_(may.pg_path),
      stanza_(may.stanza) {}

error served_roots::refused(std::string_view root, std::string_view path, std::string_view why) {
  const auto shown = printable(fmt::format("{}:{}", root, path));
  if (++refusals_ <= refusals_logged_max)
    log::warn("refused to serve '{}': {}", shown, why);
  return {errc::access, fmt::format("access to '{}' denied: {}", shown, why)};
}

result<served_roots::place> served_roots::find(std::string_view root, std::string_view path,
                                               purpose wanted) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  const std::lock_guard guard(mutex_);
  return root == "repo" ? find_in_repo(path, wanted) : find_in_pg(root, path, wanted);
}

result<served_roots::place> served_roots::find_in_repo(std::string_view path, purpose wanted) {
  if (repo_path_.empty())
    return refused("repo", path, "no repository is served");
  place found{open_repo(), std::string(path)};
  if (stanza_.empty())
    return found;
  switch (format::reach_of(path, stanza_)) {
  case format::reach::inside:
    return found;
  case format::reach::above:
    break;
  case format::reach::outside:
    return refused("repo", path, fmt::format("only the stanza '{}' is served", stanza_));
  }
  if (wanted != purpose::look && wanted != purpose::prepare)
    return refused("repo", path, "it belongs to no stanza");
  found.shown = path.empty() ? std::vector<std::string>{"archive", "backup"} : std::vector{stanza_};
  return found;
}

result<served_roots::place> served_roots::find_in_pg(std::string_view root, std::string_view path,
                                                     purpose wanted) {
  if (pg_path_.empty())
    return refused(root, path, "no cluster is served");
  if (wanted != purpose::look && wanted != purpose::read)
    return refused(root, path, "a cluster is served for reading only");
  if (root == "pg")
    return place{open(pg_path_), std::string(path)};
  const std::string directory(root);
  if (!is_plain_absolute(root) || !leads_there(directory, path))
    return refused(root, path, "no link of the cluster leads there");
  return place{open(directory), std::string(path)};
}

// Another connection may have been told of the link; then this one looks for it, in the usual
// places first.
bool served_roots::leads_there(const std::string& root, std::string_view path) {
  if (is_known(root, path))
    return true;
  size_t few = 100'000;
  look_below(join_path(pg_path_, "pg_tblspc"), depth_max, few);
  look_below(pg_path_, depth_max, few);
  if (is_known(root, path) || looked_everywhere_)
    return is_known(root, path);
  looked_everywhere_ = true;
  size_t left = entries_max;
  look_below(pg_path_, 0, left);
  std::set<std::string> seen;
  for (bool more = true; more;) { // destinations have links of their own
    more = false;
    for (const auto& one : std::set(destinations_)) {
      if (!seen.insert(one).second)
        continue;
      more = true;
      look_below(one, 1, left);
    }
  }
  return is_known(root, path);
}

bool served_roots::is_known(const std::string& root, std::string_view path) const {
  if (destinations_.contains(root))
    return true;
  const bool one_name = !path.empty() && path.find('/') == path.npos;
  return one_name && destinations_.contains(join_path(root, path));
}

// Looks at one directory, and below it while the depth allows.
void served_roots::look_below(const std::string& directory, size_t depth, size_t& left) {
  const auto listed = make_posix_storage(directory)->list("");
  if (!listed || !*listed)
    return;
  for (const auto& one : **listed) {
    if (left == 0)
      return;
    --left;
    if (one.info.kind == entry_kind::link)
      learn(directory, one.info.link_destination);
    else if (one.info.kind == entry_kind::path && depth < depth_max)
      look_below(join_path(directory, one.name), depth + 1, left);
  }
}

void served_roots::learn(const std::string& directory, std::string_view destination) {
  if (destination.empty() || destinations_.size() >= destinations_max)
    return;
  auto absolute = absolute_path(directory, destination);
  if (is_plain_absolute(absolute))
    destinations_.insert(std::move(absolute));
}

void served_roots::saw_link(std::string_view root, std::string_view path,
                            std::string_view destination) {
  if (root == "repo")
    return;
  const std::lock_guard guard(mutex_);
  const std::string_view base = root == "pg" ? std::string_view(pg_path_) : root;
  learn(join_path(base, split_path(path).parent), destination);
}

std::shared_ptr<storage> served_roots::open_repo() {
  if (!repo_)
    repo_ = opener_ ? opener_(repo_path_) : make_posix_storage(repo_path_);
  return repo_;
}

std::shared_ptr<storage> served_roots::open(const std::string& directory) {
  if (const auto found = open_.find(directory); found != open_.end())
    return found->second;
  if (open_.size() >= open_max)
    open_.clear(); // who still uses one keeps it
  std::shared_ptr<storage> opened = make_posix_storage(directory);
  open_.emplace(directory, opened);
  return opened;
}

} // namespace pgbraid::serve
