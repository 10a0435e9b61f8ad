// How open a restored cluster may be and whose directories it may use, whatever a manifest says.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/restore_map.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::plan {

/// PostgreSQL makes its directories 0700 or 0750 and does not start in others. Its own files have
/// no more than 0640; users keep theirs beside them, which others may read or run where they get
/// at them, but nobody but the owner may write.
inline constexpr uint16_t path_mode_bits = 0750;
inline constexpr uint16_t file_mode_bits = 0755;

/// Takes the bits away that no cluster needs: whoever can write to a repository must not open
/// directories of this host. Every directory stays usable for its owner.
/// @returns what the user should be told; empty when nothing changed
/// Fails with `format` (29) for a set-id or sticky bit: no backup program writes these, so the
/// manifest was made to get at something.
result<std::optional<std::string>> limit_modes(format::manifest& of);

/// Whether root may restore into a directory because its owner is the cluster's. Root's own ones
/// are nobody's: each of them would do.
bool is_ours(uint32_t owner_uid, uint32_t cluster_uid);
/// Whether an entry of a target that is not ours tells that it was meant for a cluster all the
/// same: what PostgreSQL makes in a tablespace, and what file systems make in their roots.
bool may_lie_in_target(root_kind kind, std::string_view name);

} // namespace pgbraid::plan
