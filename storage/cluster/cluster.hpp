// A PostgreSQL cluster, on whatever host it lies: its files, its control file, its server.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/link/remote_host.hpp"
#include "engine/pg/pg_client.hpp"
#include "engine/pg/pg_session.hpp"
#include "engine/postgres/control_file.hpp"
#include "storage/cluster/cluster_walk.hpp"
#include "storage/cluster/control_reader.hpp"
#include "storage/cluster/owner_names.hpp"
#include "storage/storage.hpp"

#include <memory>
#include <string>
#include <utility>

namespace pgbraid {

/// One end of backup, check and stanza-create; a repository is the other. Nothing is reached before
/// it is asked for. Used by one thread at a time.
class cluster {
public:
  /// @param key      N of pgN
  /// @param pg_path  absolute path of PGDATA on the cluster's host
  cluster(unsigned key, std::string pg_path) : key_(key), path_(std::move(pg_path)) {}
  virtual ~cluster() = default;
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  unsigned key() const { return key_; }
  /// `pg1`, for messages.
  std::string name() const;
  const std::string& path() const { return path_; }

  virtual bool is_here() const = 0;
  /// The host that it lies on, connected; null when that is this one.
  virtual result<std::shared_ptr<link::remote_host>> host() = 0;
  /// A directory of it: PGDATA, a tablespace, what a link leads to.
  virtual result<std::unique_ptr<storage>> open(const std::string& path) = 0;
  /// Who knows the names of the owners of its files. Must not outlive this.
  virtual owner_lookup owners() = 0;
  virtual result<loaded_control> control() = 0;
  virtual result<pg::pg_client> connect() = 0;
  /// A session for questions that the protocol between hosts does not know; null where the cluster
  /// is on another host, or does not answer.
  virtual std::unique_ptr<pg::pg_session> observer() = 0;

  /// `open` as a function, which must not outlive this.
  storage_opener opener();
  /// The fields of `control` alone.
  result<postgres::control_file> control_fields();
  /// Whether there is a postmaster.pid: the server runs, or died.
  result<bool> has_postmaster_pid();
  /// Whether a server that says this of itself is the cluster's: the same directory, here also by
  /// another name.
  bool is_at(const std::string& data_directory) const;

private:
  unsigned key_;
  std::string path_;
};

} // namespace pgbraid
