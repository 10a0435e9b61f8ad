// The roots that one connection may reach, and how far.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/storage.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::serve {

struct grants;

/// What a request wants to do with a path.
enum class purpose : uint8_t {
  look,    ///< info, list, features, free space
  read,    ///< content
  prepare, ///< make a path or sync one: harmless for what leads to a stanza
  write,   ///< anything else that changes something
};

/// Modes of all that is made for other hosts; they cannot choose.
inline constexpr uint32_t repository_file_mode = 0640;
inline constexpr uint32_t repository_path_mode = 0750;

/// Finds what a request names by root and path, or refuses it with `access` (105) and a line in the
/// log. `repo` is the repository, limited to one stanza where the grants say so; no link is
/// followed in it. `pg` is the cluster, read only. An absolute root is the destination of a link in
/// the cluster, read only: one that was listed, or that a look at the cluster finds; or the
/// directory it is in, and then only its name can be reached. Thread-safe.
class served_roots {
public:
  explicit served_roots(const grants& may);

  struct place {
    std::shared_ptr<storage> where;
    std::string path;
    /// When not empty: the only names that a list may show.
    std::vector<std::string> shown = {};
  };
  result<place> find(std::string_view root, std::string_view path, purpose wanted);

  /// Notes where a link leads that the other end was told of.
  /// @param path  of the link, in the root that was asked for
  void saw_link(std::string_view root, std::string_view path, std::string_view destination);

private:
  error refused(std::string_view root, std::string_view path, std::string_view why);
  result<place> find_in_repo(std::string_view path, purpose wanted);
  result<place> find_in_pg(std::string_view root, std::string_view path, purpose wanted);
  bool leads_there(const std::string& root, std::string_view path);
  bool is_known(const std::string& root, std::string_view path) const;
  void learn(const std::string& directory, std::string_view destination);
  void look_below(const std::string& directory, size_t depth, size_t& left);
  std::shared_ptr<storage> open(const std::string& directory);
  std::shared_ptr<storage> open_repo();

  const std::string repo_path_;
  const std::function<std::shared_ptr<storage>(const std::string&)> opener_; ///< of the repository
  const std::string pg_path_;
  const std::string stanza_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<storage>> open_;
  std::shared_ptr<storage> repo_;      ///< once it was asked for
  std::set<std::string> destinations_; ///< absolute
  bool looked_everywhere_ = false;
  unsigned refusals_ = 0;
};

} // namespace pgbraid::serve
