// Where a storage lies, as a value.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/remote_host.hpp"
#include "storage/driver/azure/azure_settings.hpp"
#include "storage/driver/gcs/gcs_settings.hpp"
#include "storage/driver/s3/s3_settings.hpp"
#include "storage/driver/sftp/ssh_session.hpp"
#include "storage/wire/wire.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace pgbraid {

enum class storage_kind : uint8_t {
  posix,  ///< a directory of this host
  cifs,   ///< one on a share that is mounted here
  sftp,   ///< one of an SFTP server
  s3,     ///< a bucket of S3, or of what speaks like it
  gcs,    ///< a bucket of Google Cloud Storage
  azure,  ///< a container of Azure
  remote, ///< what another host serves
  memory, ///< for tests
};

/// The kind that the option repo-type names. Fails with `feature_not_supported` for one that there
/// is no driver for.
result<storage_kind> storage_kind_of(std::string_view repo_type);

/// Of one store, whichever it is.
using bucket_settings = std::variant<s3::settings, gcs::settings, azure::settings>;

/// Whether what lies there are files of this host.
constexpr bool is_mounted_here(storage_kind kind) {
  return kind == storage_kind::posix || kind == storage_kind::cifs;
}

/// Whether it is an object store, which may keep versions.
constexpr bool is_bucket(storage_kind kind) {
  return kind == storage_kind::s3 || kind == storage_kind::gcs || kind == storage_kind::azure;
}

/// What the kind needs is set, the rest is not looked at.
struct location {
  storage_kind kind = storage_kind::posix;
  /// The root: absolute where it lies; for `remote` what messages show; any name for `memory`.
  std::string path;
  /// For `sftp`.
  sftp::login login = {};
  /// For `s3`, `gcs` and `azure`.
  bucket_settings bucket = {};
  /// For `remote`: connected, or made when it is wanted, by whoever knows the way.
  std::shared_ptr<link::remote_host> host = {};
  std::string served_root = {}; ///< for `remote`: `repo`, `pg`, or a path that `pg` leads to
  wire::content infos = wire::content::as_stored; ///< for `remote`
};

} // namespace pgbraid
