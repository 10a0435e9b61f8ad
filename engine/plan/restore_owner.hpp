// Who owns what is restored.
// Source of the rules: cli/command/README.md, section 7.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/manifest.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// Ids to give to an entry. Empty: leave what it gets by itself, the running user.
struct owner_ids {
  std::optional<uint32_t> uid = {};
  std::optional<uint32_t> gid = {};
};

/// The names of this host. Empty: there is no such name or id.
struct owner_lookup {
  std::function<std::optional<uint32_t>(std::string_view)> user_id;
  std::function<std::optional<uint32_t>(std::string_view)> group_id;
  std::function<std::optional<std::string>(uint32_t)> user_name;
  std::function<std::optional<std::string>(uint32_t)> group_name;
};

/// Who restores, and whose the data directory is.
struct owner_facts {
  uint32_t uid = 0; ///< of this process; 0 may give files away
  uint32_t gid = 0;
  uint32_t data_uid = 0; ///< of PGDATA as it was found; of this process when there is none
  uint32_t data_gid = 0;
};

/// The ids for every owner of one manifest.
///
/// The cluster's owner is whose PGDATA is; where root restores and nobody but root has it yet, whom
/// the manifest gives PGDATA to. Names that this host does not know, and root, become the cluster's
/// owner: whoever can write to a repository must not make files of root.
class owner_policy {
public:
  owner_policy(const format::manifest& of, const owner_facts& facts, const owner_lookup& names);

  owner_ids ids(format::owner_index user, format::owner_index group) const;
  /// Of the recovery files: those of PGDATA.
  owner_ids data_ids() const { return data_ids_; }
  /// Whose directories are ours.
  uint32_t cluster_uid() const { return data_ids_.uid.value_or(own_uid_); }
  bool is_root() const { return is_root_; }
  uint32_t own_uid() const { return own_uid_; }
  uint32_t own_gid() const { return own_gid_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

private:
  bool is_root_;
  uint32_t own_uid_;
  uint32_t own_gid_;
  owner_ids data_ids_;
  std::vector<std::optional<uint32_t>> users_; ///< by owner_index
  std::vector<std::optional<uint32_t>> groups_;
  std::vector<std::string> warnings_;
};

} // namespace pgbraid::plan
