// What help says about the values of options.
// SPDX-License-Identifier: MIT
#include "cli/help/option_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgbraid::cli {

namespace {

using config::option_row;
using config::option_type;

struct meaning {
  std::string_view option;
  std::string_view value;
  std::string_view text;
  std::string_view command = {}; ///< empty: for each
};

constexpr auto meanings = std::to_array<meaning>({
    {"type", "full", "all files; needs no other backup", "backup"},
    {"type", "diff", "what changed since the last full backup", "backup"},
    {"type", "incr", "what changed since the last backup; a full one when there is none", "backup"},
    {"type", "full", "show full backups only", "info"},
    {"type", "diff", "show differential backups only", "info"},
    {"type", "incr", "show incremental backups only", "info"},
    {"type", "default", "recover to the end of the archive", "restore"},
    {"type", "preserve", "keep the recovery settings that the data directory has", "restore"},
    {"type", "immediate", "stop as soon as the data are consistent", "restore"},
    {"type", "standby", "go on as a standby", "restore"},
    {"type", "none", "no recovery from the archive; the WAL must be in the backup", "restore"},
    {"type", "name", "stop at a restore point made by pg_create_restore_point()", "restore"},
    {"type", "time", "stop at a time", "restore"},
    {"type", "lsn", "stop at a position in the WAL", "restore"},
    {"type", "xid", "stop at a transaction", "restore"},
    {"output", "text", "for people"},
    {"output", "json", "for programs"},
    {"output", "none", "nothing but the log"},
    {"output", "num", "one number: 1000000 x major + 1000 x minor + patch"},
    {"detail-level", "full", "everything"},
    {"detail-level", "progress", "name, status and running backups only; reads less"},
    {"sort", "none", "as the storage lists them"},
    {"sort", "asc", "A to Z"},
    {"sort", "desc", "Z to A"},
    {"target-action", "pause", "wait for pg_wal_replay_resume()"},
    {"target-action", "promote", "open the cluster for writing"},
    {"target-action", "shutdown", "stop PostgreSQL"},
    {"archive-mode", "off", "the restored cluster does not archive"},
    {"archive-mode", "preserve", "the restored cluster archives as its settings say"},
    {"compress-type", "none", "store files as they are"},
    {"compress-type", "bz2", "smallest and slowest"},
    {"compress-type", "gz", "what every tool reads"},
    {"compress-type", "lz4", "fastest"},
    {"compress-type", "zst", "small and fast: the best choice where nothing asks for another"},
    {"restore-check", "refuse", "end before anything is changed, and say what to do"},
    {"restore-check", "warn", "say it and go on"},
    {"verify-damage", "fail", "end with exit status 26"},
    {"verify-damage", "report", "say it in the log and in the sum, and end with 0"},
    {"log-level-console", "off", "nothing"},
    {"log-level-console", "error", "what ends the command"},
    {"log-level-console", "warn", "and what should be looked at"},
    {"log-level-console", "info", "and the steps of the command"},
    {"log-level-console", "detail", "and a line for each file"},
    {"log-level-console", "debug", "and what helps developers"},
    {"log-level-console", "trace", "and everything else"},
    {"explain", "json", "as JSON"},
    {"explain", "n", "run"},
    {"explain", "y", "as text"},
    {"backup-standby", "n", "read the primary only"},
    {"backup-standby", "prefer", "read standbys where they are up, else the primary"},
    {"backup-standby", "y", "read a standby; an error when none is up"},
    {"repo-type", "posix", "a directory, here or on the host of repo-host"},
    {"repo-type", "sftp", "a directory of an SFTP server"},
    {"repo-type", "cifs", "a mounted CIFS share"},
    {"repo-type", "s3", "an S3 bucket"},
    {"repo-type", "azure", "an Azure container"},
    {"repo-type", "gcs", "a Google Cloud Storage bucket"},
    {"repo-cipher-type", "none", "files are not encrypted"},
    {"repo-cipher-type", "aes-256-cbc", "everything is encrypted by repo-cipher-pass"},
    {"repo-retention-full-type", "count", "keep this many full backups"},
    {"repo-retention-full-type", "time", "keep full backups of this many days"},
    {"repo-retention-archive-type", "full", "count full backups"},
    {"repo-retention-archive-type", "diff", "count full and differential backups"},
    {"repo-retention-archive-type", "incr", "count all backups"},
    {"pg-host-type", "ssh", "start the program there over ssh"},
    {"pg-host-type", "tls", "ask the server command that runs there"},
    {"repo-host-type", "ssh", "start the program there over ssh"},
    {"repo-host-type", "tls", "ask the server command that runs there"},
    {"repo-storage-lock-mode", "compliance", "nobody removes a version before its time"},
    {"repo-storage-lock-mode", "governance", "nobody does without a right of its own"},
    {"repo-sftp-host-key-check-type", "accept-new", "believe a host at its first key"},
    {"repo-sftp-host-key-check-type", "fingerprint", "the key has repo-sftp-host-fingerprint"},
    {"repo-sftp-host-key-check-type", "none", "believe anybody"},
    {"repo-sftp-host-key-check-type", "strict", "the key is in a known_hosts file"},
    {"repo-sftp-host-key-hash-type", "md5", "16 bytes"},
    {"repo-sftp-host-key-hash-type", "sha1", "20 bytes"},
    {"repo-sftp-host-key-hash-type", "sha256", "32 bytes: the one to use"},
    {"repo-s3-key-type", "shared", "repo-s3-key and repo-s3-key-secret"},
    {"repo-s3-key-type", "auto", "from the instance this runs on"},
    {"repo-s3-key-type", "web-id", "from a web identity token"},
    {"repo-s3-key-type", "pod-id", "from the pod this runs in"},
    {"repo-s3-key-type", "process", "from a program"},
    {"repo-s3-uri-style", "host", "the bucket is part of the host name"},
    {"repo-s3-uri-style", "path", "the bucket is part of the path"},
    {"repo-azure-key-type", "shared", "a shared key"},
    {"repo-azure-key-type", "sas", "a shared access signature"},
    {"repo-azure-key-type", "auto", "from the instance this runs on"},
    {"repo-azure-uri-style", "host", "the account is part of the host name"},
    {"repo-azure-uri-style", "path", "the account is part of the path"},
    {"repo-gcs-key-type", "service", "the key file of a service account"},
    {"repo-gcs-key-type", "token", "a token"},
    {"repo-gcs-key-type", "auto", "from the instance this runs on"},
    {"repo-gcs-key-type", "web-id", "an external account file"},
    {"io-engine", "auto", "io_uring where the system allows it, else threads"},
    {"io-engine", "uring", "io_uring"},
    {"io-engine", "threads", "plain reads and writes"},
    {"gz-engine", "auto", "the fastest library for the level"},
    {"gz-engine", "zlib", "zlib: every level"},
    {"gz-engine", "isal", "ISA-L: fast, few levels"},
    {"remote-type", "pg", "a cluster"},
    {"remote-type", "repo", "a repository"},
});

struct option_format {
  std::string_view option;
  std::string_view text; ///< empty: what its type says
  std::array<std::string_view, 3> examples = {};
};

constexpr auto formats = std::to_array<option_format>({
    {"target",
     "type time: a date and a time of day, with the offset of its zone (without one, the zone of "
     "this host is meant); type lsn: two hexadecimal numbers and a slash; type xid: a number; type "
     "name: the name of a restore point",
     {"2026-11-29 18:00:00+01", "0/3000060", "before-upgrade"}},
    {"target-timeline",
     "'latest', 'current' or the number of a timeline, decimal or hexadecimal after 0x",
     {"latest", "3", "0x1A"}},
    {"set", "the label of a backup, as info shows it", {"20261129-120000F"}},
    {"reference", "the label of a backup", {"20261129-120000F"}},
    {"repo-target-time",
     "a date, a time of day and the offset of its zone",
     {"2026-11-29 18:00:00+01"}},
    {"stanza", "a name of your choice: the section of the cluster in the configuration", {"demo"}},
    {"archive-expire-before",
     "the name of a WAL segment: 24 hexadecimal digits",
     {"000000010000000000000003"}},
    {"annotation", "a key, '=' and a text; the option may be repeated", {"why=before the upgrade"}},
    {"exclude",
     "a path below the data directory; with '/' at its end, what is in a directory but not the "
     "directory; the option may be repeated",
     {"pg_stat_statements/", "base/16384/notes"}},
    {"link-map",
     "the name of a link in the data directory, '=' and where it shall point",
     {"pg_wal=/fast/pg_wal"}},
    {"tablespace-map",
     "a tablespace (name or oid), '=' and its new directory",
     {"archive_ts=/mnt/archive_ts"}},
    {"tablespace-map-all", "a directory", {"/mnt/tablespaces"}},
    {"recovery-option",
     "a setting of PostgreSQL's recovery, '=' and its value",
     {"primary_conninfo=host=db1 user=replicator"}},
    {"tls-server-auth",
     "the common name of a client's certificate, '=' and its stanzas (or *)",
     {"db1=demo", "backup=demo,other", "admin=*"}},
    {"tls-server-address", "an address or the name of one of this host's", {"0.0.0.0", "db1"}},
    {"compress-type", "", {"zst"}},
    {"repo-cipher-pass", "a text; 'openssl rand -base64 48' makes a good one", {}},
    {"repo-sftp-known-host",
     "a file in the format of known_hosts; the option may be repeated",
     {"/var/lib/postgresql/.ssh/known_hosts"}},
    {"cmd", "a path", {"/usr/local/bin/pgbraid"}},
    {"config",
     "the path of a file; what ends with .toml is TOML, anything else is INI",
     {"/etc/pgbraid/pgbraid.toml"}},
    {"exec-id", "a number, '-' and 8 hexadecimal digits", {"1234-0a1b2c3d"}},
    {"pg-version-force", "a major version", {"15"}},
    {"pg-socket-path", "a directory", {"/var/run/postgresql"}},
    {"repo-block-size-map", "a size of files, '=' and a size of blocks", {"16MiB=64KiB"}},
    {"repo-block-age-map", "an age in days, '=' and a factor", {"7=2"}},
    {"repo-block-checksum-size-map", "a size of blocks, '=' and bytes of a checksum", {"32KiB=7"}},
});

const option_format* format_of(std::string_view option) {
  const auto* found = std::find_if(formats.begin(), formats.end(),
                                   [&](const auto& one) { return one.option == option; });
  return found == formats.end() ? nullptr : found;
}

std::string_view type_format(option_type type) {
  switch (type) {
  case option_type::boolean:
    return "y or n; --name alone means y";
  case option_type::bool_like:
    return "y, n or another word; --name alone means y";
  case option_type::size:
    return "a number of bytes, or a number with KiB, MiB, GiB, TiB or PiB (K, KB, M, MB, ... mean "
           "the same)";
  case option_type::time:
    return "a number of seconds, or a number with ms, s, m, h, d or w";
  case option_type::integer:
    return "a number";
  case option_type::path:
    return "a path that begins with /";
  case option_type::list:
    return "a text; the option may be repeated";
  case option_type::map:
    return "a key, '=' and a value; the option may be repeated";
  case option_type::string:
    return "a text";
  case option_type::choice:
    return {};
  }
  return {};
}

std::string_view type_example(option_type type) {
  switch (type) {
  case option_type::boolean:
  case option_type::bool_like:
    return "y";
  case option_type::size:
    return "4MiB";
  case option_type::time:
    return "5m";
  case option_type::integer:
    return "4";
  case option_type::path:
    return "/srv/demo";
  case option_type::map:
    return "key=value";
  case option_type::list:
  case option_type::string:
  case option_type::choice:
    return {};
  }
  return {};
}

/// The first of `a | b`, or the lower end of `1..9`.
std::string first_allowed(std::string_view allowed) {
  auto end = std::min(allowed.find(" | "), allowed.find(".."));
  return std::string(allowed.substr(0, end));
}

} // namespace

std::string_view value_meaning(const option_row& row, std::string_view command,
                               std::string_view value) {
  // The three levels of the log mean the same.
  const auto option = row.name.starts_with("log-level-") ? "log-level-console" : row.name;
  for (const auto& one : meanings) {
    if (one.option == option && one.value == value &&
        (one.command.empty() || one.command == command))
      return one.text;
  }
  return {};
}

std::string value_format(const option_row& row, std::string_view allowed) {
  const auto* own = format_of(row.name);
  auto out = std::string(own && !own->text.empty() ? own->text : type_format(row.type));
  if (const auto dots = allowed.find(".."); dots != std::string_view::npos)
    out += fmt::format(", from {} to {}", allowed.substr(0, dots), allowed.substr(dots + 2));
  return out;
}

std::vector<std::string> value_examples(const option_row& row, std::string_view allowed) {
  if (row.flags & config::secure)
    return {}; // never on a command line
  std::vector<std::string> out;
  if (const auto* own = format_of(row.name)) {
    for (const auto one : own->examples) {
      if (!one.empty())
        out.emplace_back(one);
    }
    return out;
  }
  const bool number = row.type == option_type::integer || row.type == option_type::size ||
                      row.type == option_type::time;
  if (number || row.type == option_type::choice) {
    if (!allowed.empty())
      out.push_back(first_allowed(allowed));
    return out;
  }
  if (const auto usual = type_example(row.type); !usual.empty())
    out.emplace_back(usual);
  return out;
}

} // namespace pgbraid::cli
