// The options that say how another host is reached, for clusters and for repositories.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/key.hpp"

namespace pgbraid::cli {

struct host_keys {
  config::text_key host;
  config::text_key type;
  config::text_key user;
  config::integer_key port;
  config::text_key cmd;
  config::text_key config;
  config::text_key config_path;
  config::text_key config_include_path;
  config::text_key cert_file;
  config::text_key key_file;
  config::text_key ca_file;
  config::text_key ca_path;
};

inline constexpr host_keys pg_host_keys = {
    "pg-host",           "pg-host-type",     "pg-host-user",        "pg-host-port",
    "pg-host-cmd",       "pg-host-config",   "pg-host-config-path", "pg-host-config-include-path",
    "pg-host-cert-file", "pg-host-key-file", "pg-host-ca-file",     "pg-host-ca-path"};
inline constexpr host_keys repo_host_keys = {"repo-host",
                                             "repo-host-type",
                                             "repo-host-user",
                                             "repo-host-port",
                                             "repo-host-cmd",
                                             "repo-host-config",
                                             "repo-host-config-path",
                                             "repo-host-config-include-path",
                                             "repo-host-cert-file",
                                             "repo-host-key-file",
                                             "repo-host-ca-file",
                                             "repo-host-ca-path"};

constexpr const host_keys& keys_of(config::option_group which) {
  return which == config::option_group::pg ? pg_host_keys : repo_host_keys;
}

} // namespace pgbraid::cli
