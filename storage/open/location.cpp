// Which kinds there are, by their names in options.
// SPDX-License-Identifier: MIT
#include "storage/open/location.hpp"

namespace pgbraid {

result<storage_kind> storage_kind_of(std::string_view repo_type) {
  if (repo_type == "posix")
    return storage_kind::posix;
  if (repo_type == "cifs")
    return storage_kind::cifs;
  if (repo_type == "sftp")
    return storage_kind::sftp;
  if (repo_type == "s3")
    return storage_kind::s3;
  if (repo_type == "gcs")
    return storage_kind::gcs;
  if (repo_type == "azure")
    return storage_kind::azure;
  return error{errc::feature_not_supported,
               "there is no storage driver for repositories of type '" + std::string(repo_type) +
                   "'"};
}

} // namespace pgbraid
