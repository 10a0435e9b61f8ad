// Who may do what this user may not, and what to type then.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

namespace pgbraid {

/// Remembers how the program was called, for hints.
void note_command_line(std::span<const char* const> words);

/// `Type: sudo -u postgres pgbraid --stanza=demo info`: the same command as another user.
std::string type_as(const std::string& user);

/// Two sentences for somebody who was refused access to a path here: whose it is, and what to type.
/// Empty when this process may read it, or nobody can say.
/// @param path  absolute; need not exist
std::string access_hint(const std::string& path);

/// The name of the user that owns a path, or the nearest one above it that is there; empty when
/// nobody can say.
std::string owner_of(std::string path);

} // namespace pgbraid
