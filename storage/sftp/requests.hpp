// Requests that several verbs need.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/sftp/sftp_file.hpp"

namespace pgbraid::sftp {

/// Of the bits of st_mode; `special` when they are not told.
entry_kind kind_of(const attributes& about);
/// `link_destination` (70): links are not followed.
error link_refused(const std::string& full_path);
/// The handle that an answer brings; empty when a status came instead, which is handed to `why`.
result<std::optional<open_handle>> opened_by(const std::shared_ptr<connection>& on,
                                             const reply& answer, status& why);
/// Asks for a rename that replaces; the number of the request. The protocol's own rename does not
/// replace: where the server has no other, there is neither file for a moment, which readers of
/// info files survive with the copy.
result<uint32_t> send_rename(connection& on, const std::string& from, const std::string& to);
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
