// The members of every message between hosts, listed once more: independent of how they are
// written. SPDX-License-Identifier: MIT
#pragma once

#include "storage/wire/wire.hpp"

#include <array>
#include <string_view>
#include <tuple>

namespace pgbraid::test {

/// References to all members of a message. A new member makes this fail to compile, until it is
/// listed; one that is forgotten in the wire makes the round trip fail.
inline auto parts(wire::nothing&) {
  return std::tuple();
}
inline auto parts(wire::hello& m) {
  auto& [low, high, program, args, locks] = m;
  return std::tie(low, high, program, args, locks);
}
inline auto parts(wire::hello_answer& m) {
  auto& [version, program, capabilities] = m;
  return std::tie(version, program, capabilities);
}
inline auto parts(wire::cipher_answer& m) {
  auto& [type] = m;
  return std::tie(type);
}
inline auto parts(wire::place_request& m) {
  auto& [root, path] = m;
  return std::tie(root, path);
}
/// A version is for the asking host to know.
inline auto parts(entry_info& m) {
  auto& [kind, size, mtime, mode, uid, gid, destination, version] = m;
  return std::tie(kind, size, mtime, mode, uid, gid, destination);
}
inline auto parts(entry& m) {
  auto& [name, info] = m;
  return std::tie(name, info);
}
inline auto parts(wire::info_answer& m) {
  auto& [found, info] = m;
  return std::tie(found, info);
}
inline auto parts(wire::list_answer& m) {
  auto& [found] = m;
  return std::tie(found);
}
/// The others are for the asking host to know.
inline auto parts(storage_features& m) {
  return std::tie(m.paths, m.symlinks, m.hardlinks);
}
inline auto parts(wire::free_answer& m) {
  auto& [bytes] = m;
  return std::tie(bytes);
}
inline auto parts(wire::read_request& m) {
  auto& [root, path, offset, limit, hint] = m;
  return std::tie(root, path, offset, limit, hint);
}
inline auto parts(wire::read_answer& m) {
  auto& [version] = m;
  return std::tie(version);
}
inline auto parts(wire::removal_line& m) {
  auto& [path] = m;
  return std::tie(path);
}
inline auto parts(wire::small_request& m) {
  auto& [path, limit, offset] = m;
  return std::tie(path, limit, offset);
}
inline auto parts(error& m) {
  auto& [code, message, hint, transient, held] = m;
  return std::tie(code, message, hint, transient, held);
}
inline auto parts(wire::small_answer& m) {
  auto& [size, failure] = m;
  return std::tie(size, failure);
}
/// The serving host chooses how it writes.
inline auto parts(wire::write_request& m) {
  auto& [root, path, with] = m;
  return std::tie(root, path, with.how, with.mode, with.path_mode, with.make_parents, with.sync,
                  with.mtime_s, with.uid, with.gid, with.size_hint_bytes);
}
inline auto parts(wire::change_request& m) {
  auto& [root, op, path, other, wanted] = m;
  auto& [mode, uid, gid, mtime] = wanted;
  return std::tie(root, op, path, other, mode, uid, gid, mtime);
}
inline auto parts(wire::pg_open_request& m) {
  auto& [name, timeout] = m;
  return std::tie(name, timeout);
}
inline auto parts(wire::pg_open_answer& m) {
  auto& [session] = m;
  return std::tie(session);
}
inline auto parts(pg::pg_server_info& m) {
  auto& [version, directory, mode, command, library, stanza, config, timeout, segment, recovery] =
      m;
  return std::tie(version, directory, mode, command, library, stanza, config, timeout, segment,
                  recovery);
}
inline auto parts(wire::pg_call_request& m) {
  auto& [session, op, text, flag] = m;
  return std::tie(session, op, text, flag);
}
inline auto parts(pg::pg_backup_start& m) {
  auto& [lsn, segment] = m;
  return std::tie(lsn, segment);
}
inline auto parts(pg::pg_backup_stop& m) {
  auto& [lsn, segment, label, map] = m;
  return std::tie(lsn, segment, label, map);
}
inline auto parts(pg::pg_database& m) {
  auto& [name, oid, tablespace] = m;
  return std::tie(name, oid, tablespace);
}
inline auto parts(pg::pg_tablespace& m) {
  auto& [oid, name] = m;
  return std::tie(oid, name);
}
inline auto parts(wire::pg_call_answer& m) {
  auto& [flag, number, text, location, start, stop, databases, tablespaces] = m;
  return std::tie(flag, number, text, location, start, stop, databases, tablespaces);
}
inline auto parts(wire::facts_request& m) {
  auto& [users, groups] = m;
  return std::tie(users, groups);
}
inline auto parts(wire::facts_answer& m) {
  auto& [users, groups] = m;
  return std::tie(users, groups);
}
inline auto parts(wire::copy_rules& m) {
  auto& f = m.file;
  return std::tie(f.compression, f.compress_level, f.gz, f.cipher_pass, f.checksum_page,
                  f.page_bytes, f.page_header_check, f.raw_members, f.blocks, m.block_memory_bytes,
                  m.fuse, m.workers);
}
inline auto parts(wire::copied_blocks& m) {
  auto& [block, checksum, together, prior] = m;
  return std::tie(block, checksum, together, prior);
}
inline auto parts(wire::copied_file& m) {
  auto& [name, through, path, limit, expected, check, skip, raw, same_as, blocks] = m;
  return std::tie(name, through, path, limit, expected, check, skip, raw, same_as, blocks);
}
inline auto parts(wire::copied_results& m) {
  auto& [how, gone, plain, sha1, repo, checked, valid, misaligned, bad] = m;
  return std::tie(how, gone, plain, sha1, repo, checked, valid, misaligned, bad);
}

/// What README.md in storage/wire, or wire.hpp where that says no more, calls the members.
template <class T> struct documented;
#define PGBRAID_DOCUMENTED(type, names)                                                            \
  template <> struct documented<type> { static constexpr std::string_view members = names; };
PGBRAID_DOCUMENTED(wire::nothing, "")
PGBRAID_DOCUMENTED(wire::hello, "args locks program versions")
PGBRAID_DOCUMENTED(wire::hello_answer, "capabilities program version")
PGBRAID_DOCUMENTED(wire::cipher_answer, "type")
PGBRAID_DOCUMENTED(wire::place_request, "path root")
PGBRAID_DOCUMENTED(entry, "destination gid kind mode mtime name size uid")
PGBRAID_DOCUMENTED(wire::info_answer, "destination found gid kind mode mtime size uid")
PGBRAID_DOCUMENTED(wire::list_answer, "found")
PGBRAID_DOCUMENTED(
    storage_features,
    "batch_bytes hardlinks part_bytes path_sync paths read_over_bytes rename symlinks")
PGBRAID_DOCUMENTED(wire::free_answer, "bytes")
PGBRAID_DOCUMENTED(wire::read_request, "limit offset path root size_hint")
PGBRAID_DOCUMENTED(wire::read_answer, "version")
PGBRAID_DOCUMENTED(wire::removal_line, "path")
PGBRAID_DOCUMENTED(wire::small_request, "limit offset path")
PGBRAID_DOCUMENTED(wire::small_answer, "error size")
PGBRAID_DOCUMENTED(wire::write_request,
                   "gid how make_parents mode mtime path path_mode root size_hint sync uid")
PGBRAID_DOCUMENTED(wire::change_request, "gid mode mtime op other path root uid")
PGBRAID_DOCUMENTED(wire::pg_open_request, "application_name timeout_ms")
PGBRAID_DOCUMENTED(wire::pg_open_answer, "session")
PGBRAID_DOCUMENTED(pg::pg_server_info,
                   "archive_command archive_library archive_mode archive_module_config "
                   "archive_module_stanza checkpoint_timeout data_directory in_recovery "
                   "version_num wal_segment_bytes")
PGBRAID_DOCUMENTED(wire::pg_call_request, "flag op session text")
PGBRAID_DOCUMENTED(wire::pg_call_answer,
                   "databases flag location number start stop tablespaces text")
PGBRAID_DOCUMENTED(wire::facts_request, "groups users")
PGBRAID_DOCUMENTED(wire::facts_answer, "groups users")
PGBRAID_DOCUMENTED(wire::copy_rules,
                   "block_memory blocks checksum_page cipher_pass compress_level compression fuse "
                   "gz_engine page_bytes page_header_check raw_members workers")
PGBRAID_DOCUMENTED(wire::copied_file,
                   "blocks check_pages expected limit name path raw same_as skip_empty through")
PGBRAID_DOCUMENTED(wire::copied_results, "bad_pages how pages_checked pages_misaligned "
                                         "pages_valid path_gone plain repo_sha1 sha1")
#undef PGBRAID_DOCUMENTED

/// Calls `what` with an empty message of each type.
template <class What> void each_message(const What& what) {
  const auto all = [&]<class... Types>(const Types&... each) { (what(each), ...); };
  all(wire::nothing{}, wire::hello{}, wire::hello_answer{}, wire::cipher_answer{},
      wire::place_request{}, entry{}, wire::info_answer{}, wire::list_answer{}, storage_features{},
      wire::free_answer{}, wire::read_request{}, wire::read_answer{}, wire::removal_line{},
      wire::small_request{}, wire::small_answer{}, wire::write_request{}, wire::change_request{},
      wire::pg_open_request{}, wire::pg_open_answer{}, pg::pg_server_info{},
      wire::pg_call_request{}, wire::pg_call_answer{}, wire::facts_request{}, wire::facts_answer{},
      wire::copy_rules{}, wire::copied_file{}, wire::copied_results{});
}

} // namespace pgbraid::test
