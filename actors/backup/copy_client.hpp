// Asking another host to copy files: one copy on each connection to it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/remote_host.hpp"
#include "storage/wire/wire.hpp"

#include <span>

namespace pgbraid {

/// A file that is asked for.
struct asked_file {
  wire::copied_file file;
  byte_view prior_sums = {}; ///< as many as `file.blocks` says
};

/// One request of a copy and the connection it runs on.
struct copy_call {
  std::shared_ptr<link::client_link> link;
  std::unique_ptr<link::call> call;
  /// What of the request the other host did not take yet.
  std::string unsent = {};

  /// Sends what is left; whether that is all. A refusal is the answer, and whoever reads it finds
  /// it.
  /// @param wait  block until the other host takes more, at most this long
  bool send(std::chrono::milliseconds wait);

  /// Whether this failure is one of the connection or of what came over it, so that the request may
  /// be made again on another one; otherwise it is what the other host has to say about the file.
  bool is_broken(const error& what) const;
};

/// Begins a copy on every connection that is used, with the same rules; all end with this object.
/// Thread-safe.
class copy_client {
public:
  copy_client(std::shared_ptr<link::remote_host> host, wire::copy_rules rules);
  /// Files may be asked for in blocks, each of which takes so much memory there. Before anything is
  /// asked.
  void allow_blocks(uint64_t memory_bytes);

  const std::string& host_name() const { return host_->name(); }
  /// One file. Connections that break meanwhile are made again; a failure means that there is no
  /// point in asking this host once more.
  result<copy_call> ask(const asked_file& wanted);
  /// Several small ones, which come one behind the other.
  result<copy_call> ask(std::span<const asked_file> wanted);

private:
  struct running {
    std::weak_ptr<link::client_link> link;
    std::unique_ptr<link::call> begun;
  };
  result<copy_call> ask(std::string_view path, std::string_view head, std::string_view body);
  result<copy_call> ask_on(std::shared_ptr<link::client_link> link, std::string_view path,
                           std::string_view head, std::string_view body);
  result<bool> is_running_on(const std::shared_ptr<link::client_link>& link);
  result<void> begin_on(const std::shared_ptr<link::client_link>& link);

  const std::shared_ptr<link::remote_host> host_;
  wire::copy_rules rules_;
  std::mutex mutex_;
  std::vector<running> copies_;
};

} // namespace pgbraid
