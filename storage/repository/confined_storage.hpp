// A repository as one stanza may see it.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/storage.hpp"

#include <memory>
#include <string>

namespace pgbraid {

/// Lets through what belongs to the stanza: `archive/<stanza>` and `backup/<stanza>`. What leads
/// there can be looked at, made and synced; only the two kinds of link that a repository has are
/// made (format::is_repository_link). Everything else is refused with `access` (105): a command
/// that was told to go elsewhere, by a manifest or by a fault of ours, harms its own stanza at
/// most. As safe to share between threads as what is confined.
std::unique_ptr<storage> make_confined_storage(std::unique_ptr<storage> repo, std::string stanza);

} // namespace pgbraid
