// Requests that several verbs need.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/open_handle.hpp"
#include "storage/storage.hpp"

namespace pgbraid::sftp {

/// One that was sent, and where.
struct request {
  std::shared_ptr<connection> on;
  uint32_t number = 0;
};

/// `what '<shown>': [4] Failure`
error refused(errc code, std::string_view what, std::string_view shown, const status& why);
/// Extensions of OpenSSH, which have to be offered.
inline constexpr std::string_view hardlink_extension = "hardlink@openssh.com";
inline constexpr std::string_view posix_rename_extension = "posix-rename@openssh.com";
/// What the server grants; offered by OpenSSH since 8.5.
inline constexpr std::string_view limits_extension = "limits@openssh.com";
/// Of the bits of st_mode; `special` when they are not told.
entry_kind kind_of(const attributes& about);
/// `link_destination` (70): links are not followed.
error link_refused(const std::string& full_path);
/// A server may answer so many small requests at a time.
inline constexpr size_t requests_max = 64;

/// Asks for a rename that replaces; the number of the request. The protocol's own rename does not
/// replace: where the server has no other, there is neither file for a moment, which readers of
/// info files survive with the copy.
result<uint32_t> send_rename(connection& on, const std::string& from, const std::string& to);
/// The handle that the answer to a request brings; empty when a status came instead, which is
/// handed to `why`.
result<std::optional<open_handle>> opened_by(const std::shared_ptr<connection>& on, uint32_t number,
                                             status& why);
struct opened_file {
  open_handle handle;
  attributes about;
};
/// A file that was looked at and opened at once: a link would be followed, so what came of it is
/// dropped then.
struct opening {
  std::shared_ptr<connection> on;
  uint32_t looked = 0;
  uint32_t opened = 0;

  bool has_come() const { return on->has_come(looked) && on->has_come(opened); }
};
result<opening> begin_open(const std::shared_ptr<connection>& on, const std::string& full_path,
                           uint32_t flags = flag_read);
/// Waits for both answers. Fails with `file_missing`, `link_destination`, or `file_open` for what
/// is no file.
result<opened_file> end_open(const opening& begun, const std::string& full_path);
/// The two of them.
result<opened_file> open_file(const std::shared_ptr<connection>& on, const std::string& full_path);
/// Whether what was seen twice is the same file with the same content, as far as can be told.
bool same_content(const attributes& one, const attributes& other);
/// The status that answers a request.
result<status> told(connection& on, uint32_t number);
/// Asks for what is answered by a status.
result<status> ask_status(connection& on, packet_kind kind, const fields& what);
/// How many handles a session may have open, from the answer about the limits; empty when the
/// server does not tell.
std::optional<uint64_t> handles_granted(const request& asked);
/// What a name is, links not followed; empty when there is none.
result<std::optional<attributes>> look(connection& on, const std::string& full_path);
/// What is left for us where a path is, or would be; empty when the server does not tell.
result<std::optional<uint64_t>> free_bytes_at(connection& on, std::string path);
/// The answer of such a question that was asked already.
result<std::optional<attributes>> seen_by(connection& on, uint32_t asked,
                                          const std::string& full_path);
/// Names of a directory, in no order.
struct names_page {
  std::vector<named> names = {};
  bool complete = true; ///< there are no more
};
/// The first names of a directory behind another one, but `.` and `..`; in memory for no more than
/// twice as many. Fails with `path_open` when it cannot be opened, and with `protocol` for names
/// that are none, and for more than a list may take.
result<names_page> read_directory(const std::shared_ptr<connection>& on,
                                  const std::string& full_path, std::string_view after,
                                  size_t count);
/// A directory and all below it; links are removed, not followed.
result<void> remove_directory(const std::shared_ptr<connection>& on, const std::string& full_path);

} // namespace pgbraid::sftp
