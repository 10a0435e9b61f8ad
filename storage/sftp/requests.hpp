// Requests that several verbs need.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/sftp/connection.hpp"
#include "storage/storage.hpp"

namespace pgbraid::sftp {

/// Of the bits of st_mode.
entry_kind kind_of(uint32_t mode);
/// Asks for what is answered by a status.
result<status> ask_status(connection& on, packet_kind kind, const fields& what);
/// What a name is, links not followed; empty when there is none.
result<std::optional<attributes>> look(connection& on, const std::string& full_path);
/// All names in a directory but `.` and `..`. Fails with `path_open` when it cannot be opened, and
/// with `protocol` for names that are none.
result<std::vector<named>> read_directory(const std::shared_ptr<connection>& on,
                                          const std::string& full_path);
/// A directory and all below it; links are removed, not followed.
result<void> remove_directory(const std::shared_ptr<connection>& on, const std::string& full_path);

} // namespace pgbraid::sftp
