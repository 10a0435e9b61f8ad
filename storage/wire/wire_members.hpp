// The words and members of each message between hosts, once for writing and reading.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/enum_words.hpp"
#include "storage/wire/wire.hpp"

namespace pgbraid::wire {

/// What the values of an enumeration are called, in their order.
template <class T> struct words;
template <> struct words<cipher_type> {
  static constexpr auto all = words_of<cipher_type>("none", "aes-256-cbc");
};
template <> struct words<entry_kind> {
  static constexpr auto all = words_of<entry_kind>("file", "path", "link", "special");
};
template <> struct words<publish> {
  static constexpr auto all = words_of<publish>("in-place", "atomic");
};
template <> struct words<change_op> {
  static constexpr auto all =
      words_of<change_op>("none", "make-path", "remove-file", "remove-tree", "move", "symlink",
                          "hardlink", "sync", "attributes", "remove-unfinished");
};
template <> struct words<pg_op> {
  static constexpr auto all =
      words_of<pg_op>("none", "is-in-recovery", "clock", "current-segment", "start-backup",
                      "stop-backup", "create-restore-point", "switch-segment", "checkpoint",
                      "replay-location", "databases", "tablespaces", "is-broken");
};

template <> struct words<compress_type> {
  static constexpr auto all = words_of<compress_type>("none", "gz", "lz4", "zst", "bz2");
};
template <> struct words<codec::gz_engine> {
  static constexpr auto all = words_of<codec::gz_engine>("auto", "zlib", "isal");
};
template <> struct words<copy_outcome> {
  static constexpr auto all =
      words_of<copy_outcome>("stored", "empty", "vanished", "grown", "unchanged");
};

// Hands each member with its name to `io`, which writes or reads it.

template <class Io> void members(Io&, nothing&) {}

template <class Io> void members(Io& io, hello& m) {
  io.range("versions", m.version_min, m.version_max);
  io("program", m.program);
  io("args", m.args);
  io("locks", m.locks);
}

template <class Io> void members(Io& io, hello_answer& m) {
  io("version", m.version);
  io("program", m.program);
  io("capabilities", m.capabilities);
}

template <class Io> void members(Io& io, cipher_answer& m) {
  io("type", m.type);
}

template <class Io> void members(Io& io, place_request& m) {
  io("root", m.root);
  io("path", m.path);
}

template <class Io> void members(Io& io, entry_info& m) {
  io("kind", m.kind);
  io("size", m.size_bytes);
  io("mtime", m.mtime_s);
  io("mode", m.mode);
  io("uid", m.uid);
  io("gid", m.gid);
  if (m.kind == entry_kind::link)
    io("destination", m.link_destination);
}

template <class Io> void members(Io& io, entry& m) {
  io("name", m.name);
  members(io, m.info);
}

template <class Io> void members(Io& io, info_answer& m) {
  io("found", m.found);
  if (m.found)
    members(io, m.info);
}

template <class Io> void members(Io& io, list_answer& m) {
  io("found", m.found);
}

template <class Io> void members(Io& io, storage_features& m) {
  io("paths", m.paths);
  io("symlinks", m.symlinks);
  io("hardlinks", m.hardlinks);
  io("path_sync", m.path_sync);
  io("rename", m.rename);
  io("part_bytes", m.part_bytes);
  io("batch_bytes", m.batch_bytes);
  io("read_over_bytes", m.read_over_bytes);
}

template <class Io> void members(Io& io, free_answer& m) {
  io("bytes", m.bytes);
}

template <class Io> void members(Io& io, read_request& m) {
  io("root", m.root);
  io("path", m.path);
  io("offset", m.offset);
  io("limit", m.limit);
  io("size_hint", m.size_hint);
}

template <class Io> void members(Io& io, read_answer& m) {
  io("version", m.version);
}

template <class Io> void members(Io& io, removal_line& m) {
  io("path", m.path);
}

template <class Io> void members(Io& io, small_request& m) {
  io("path", m.path);
  io("limit", m.limit);
  io("offset", m.offset);
}

template <class Io> void members(Io& io, error& m) {
  io.code("code", m.code);
  io("message", m.message);
  io("hint", m.hint);
  io("transient", m.transient);
  io("held", m.held);
}

template <class Io> void members(Io& io, small_answer& m) {
  io("size", m.size);
  io("error", m.failure);
}

template <class Io> void members(Io& io, write_request& m) {
  io("root", m.root);
  io("path", m.path);
  io("how", m.options.how);
  io("mode", m.options.mode);
  io("path_mode", m.options.path_mode);
  io("make_parents", m.options.make_parents);
  io("sync", m.options.sync);
  io("mtime", m.options.mtime_s);
  io("uid", m.options.uid);
  io("gid", m.options.gid);
  io("size_hint", m.options.size_hint_bytes);
}

template <class Io> void members(Io& io, change_request& m) {
  io("root", m.root);
  io("op", m.op);
  io("path", m.path);
  io("other", m.other);
  io("mode", m.wanted.mode);
  io("uid", m.wanted.uid);
  io("gid", m.wanted.gid);
  io("mtime", m.wanted.mtime_s);
}

template <class Io> void members(Io& io, pg_open_request& m) {
  io("application_name", m.application_name);
  io("timeout_ms", m.timeout_ms);
}

template <class Io> void members(Io& io, pg_open_answer& m) {
  io("session", m.session);
}

template <class Io> void members(Io& io, pg::pg_server_info& m) {
  io("version_num", m.version_num);
  io("data_directory", m.data_directory);
  io("archive_mode", m.archive_mode);
  io("archive_command", m.archive_command);
  io("archive_library", m.archive_library);
  io("archive_module_stanza", m.archive_module_stanza);
  io("archive_module_config", m.archive_module_config);
  io("checkpoint_timeout", m.checkpoint_timeout);
  io("wal_segment_bytes", m.wal_segment_bytes);
  io("in_recovery", m.in_recovery);
}

template <class Io> void members(Io& io, pg_call_request& m) {
  io("session", m.session);
  io("op", m.op);
  io("text", m.text);
  io("flag", m.flag);
}

template <class Io> void members(Io& io, pg::pg_backup_start& m) {
  io("lsn", m.lsn);
  io("segment", m.segment);
}

template <class Io> void members(Io& io, pg::pg_backup_stop& m) {
  io("lsn", m.lsn);
  io("segment", m.segment);
  io("backup_label", m.backup_label);
  io("tablespace_map", m.tablespace_map);
}

template <class Io> void members(Io& io, pg::pg_database& m) {
  io("name", m.name);
  io("oid", m.oid);
  io("tablespace", m.tablespace);
}

template <class Io> void members(Io& io, pg::pg_tablespace& m) {
  io("oid", m.oid);
  io("name", m.name);
}

template <class Io> void members(Io& io, pg_call_answer& m) {
  io("flag", m.flag);
  io("number", m.number);
  io("text", m.text);
  io("location", m.location);
  io("start", m.start);
  io("stop", m.stop);
  io("databases", m.databases);
  io("tablespaces", m.tablespaces);
}

template <class Io> void members(Io& io, facts_request& m) {
  io("users", m.users);
  io("groups", m.groups);
}

template <class Io> void members(Io& io, facts_answer& m) {
  io("users", m.users);
  io("groups", m.groups);
}

template <class Io> void members(Io& io, copy_rules& m) {
  io("compression", m.file.compression);
  io("compress_level", m.file.compress_level);
  io("gz_engine", m.file.gz);
  io("cipher_pass", m.file.cipher_pass);
  io("checksum_page", m.file.checksum_page);
  io("page_bytes", m.file.page_bytes);
  io("page_header_check", m.file.page_header_check);
  io("raw_members", m.file.raw_members);
  io("blocks", m.file.blocks);
  io("block_memory", m.block_memory_bytes);
  io("fuse", m.fuse);
  io("workers", m.workers);
}

template <class Io> void members(Io& io, copied_blocks& m) {
  io("block_bytes", m.block_bytes);
  io("checksum_bytes", m.checksum_bytes);
  io("super_bytes", m.super_bytes);
  io("prior_blocks", m.prior_blocks);
}

template <class Io> void members(Io& io, copied_file& m) {
  io("name", m.name);
  io("through", m.through);
  io("path", m.path);
  io("limit", m.limit);
  io("expected", m.expected);
  io("check_pages", m.check_pages);
  io("skip_empty", m.skip_empty);
  io("raw", m.raw);
  io("same_as", m.same_as);
  io("blocks", m.blocks);
}

template <class Io> void members(Io& io, copied_results& m) {
  io("how", m.how);
  io("path_gone", m.path_gone);
  io("plain", m.plain);
  io("sha1", m.sha1);
  io("repo_sha1", m.repo_sha1);
  io("pages_checked", m.pages_checked);
  io("pages_valid", m.pages_valid);
  io("pages_misaligned", m.pages_misaligned);
  io("bad_pages", m.bad_pages);
}

} // namespace pgbraid::wire
