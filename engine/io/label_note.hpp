// Which backup the last holder of a lock began: what the next one may take for dead.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <string>
#include <string_view>

namespace pgbraid::io {

/// Writes `<lock path>/<stanza>-backup-<key>.label`. Only for who holds the backup lock of that
/// repository: then whoever wrote the note before does not work any more.
result<void> note_label(const std::string& lock_path, std::string_view stanza, unsigned repo_key,
                        std::string_view label);

/// The label of the note; empty when there is none, or none that can be read.
std::string noted_label(const std::string& lock_path, std::string_view stanza, unsigned repo_key);

} // namespace pgbraid::io
