// The files of a walked cluster, opened by their manifest names.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/cluster/cluster_walk.hpp"

#include <map>

namespace pgbraid {

/// A file of the cluster: the storage it lies in and its path there.
struct cluster_file {
  storage* in = nullptr;
  std::string path;
};

/// Where a file is in terms that mean the same on every host of the cluster.
struct cluster_place {
  std::string through; ///< path of a link in PGDATA; empty: PGDATA itself
  std::string path;    ///< behind the link; empty: the link leads to the file
};

/// One storage for each target of a manifest: PGDATA, tablespaces, links. Reading a file through
/// the storage of its own target is what keeps a link made during the backup from leading
/// elsewhere.
class cluster_files {
public:
  /// @param of  must outlive this; its targets say where everything lies
  static result<cluster_files> open(const format::manifest& of, const storage_opener& opener);

  /// The file with this manifest name.
  cluster_file find(std::string_view name) const;
  cluster_place place(std::string_view name) const;
  /// A number for the target of a file: files of one bundle have the same.
  uint32_t queue_of(std::string_view name) const;

private:
  std::string_view target_of(std::string_view name) const;

  std::map<std::string, std::unique_ptr<storage>, std::less<>> roots_; ///< by target name
  std::map<std::string, std::string, std::less<>> file_links_; ///< target name -> name in its root
};

} // namespace pgbraid
