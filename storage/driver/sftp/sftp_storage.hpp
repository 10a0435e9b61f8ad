// Storage on an SFTP server.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/session_pool.hpp"
#include "storage/storage.hpp"

namespace pgbraid::sftp {

/// The whole contract; may be shared by threads. Paths that pass a symbolic link are refused
/// (`link_destination`), also where the link stays within the root: a repository has none on the
/// way.
/// @param root  absolute path on the server
std::unique_ptr<storage> make_sftp_storage(std::shared_ptr<session_pool> pool, std::string root);

} // namespace pgbraid::sftp
