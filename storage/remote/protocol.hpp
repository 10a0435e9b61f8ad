// What two hosts say to each other: names of requests, and what their heads, bodies and trailers hold.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

/// The transport is HTTP/2 (engine/link): every request is one stream, `POST <path>`, with a JSON
/// object as head, bytes as body, and an answer of JSON head, bytes, JSON trailer. Errors travel in
/// the trailer: `{"code":55,"message":"...","hint":"..."}`. Unknown fields are ignored, missing ones
/// have defaults, so that fields can be added. Text that is not UTF-8 (file names may be anything)
/// travels byte by byte as code points 0..255: see `wire_text` and `from_wire_text` in wire.hpp.
/// Heads and trailers are small (16 KiB); what may be long is a body, and lists are one JSON object
/// a line, so that neither end needs the whole of it at once.
///
/// | path | head | body | answer |
/// |---|---|---|---|
/// | hello | versions `[min,max]`, program, args (tls only: words as ssh has them on its command line), locks (names of lock files) | - | head: version, program, capabilities |
/// | repo/cipher | - | - | head: type, pass |
/// | storage/info | root, path | - | head: found and, if so, an entry |
/// | storage/list | root, path | - | head: found; body: an entry a line |
/// | storage/read | root, path, offset, limit, size_hint | - | head: {}; body: bytes |
/// | storage/read-small | root | a line {path, limit} per file | body: per file a line with its size or error, then its bytes |
/// | storage/write | root, path, how, mode, path_mode, make_parents, sync, mtime, uid, gid, size_hint | bytes | head once it is open: {}; trailer once it is durable: {} |
/// | storage/change | root, op (make-path, remove-file, remove-tree, move, symlink, hardlink, sync, attributes) and its arguments | - | head: {} |
/// | storage/features, storage/free | root | - | head |
/// | storage/settle | - | - | head: {}, once nothing is left of writes that were cancelled on this connection before |
/// | pg/open | application_name, timeout_ms; always pg1 | - | head: session; body: JSON of what the server says about itself |
/// | pg/call | session, op, text and flag (arguments) | - | body: JSON of the result |
/// | pg/close | session | - | head: {} |
/// | pg/control | - | - | body: bytes of a valid pg_control |
/// | pg/facts | users, groups (arrays of ids) | - | head: users, groups: objects id -> name, without ids that have none |
/// | copy/begin | - | settings of the copy (JSON) | head: {}; stays open until the copy is over: the end of this stream ends it. One at a time on a connection |
/// | copy/file | a file: name, through, path, limit, expected, check_pages | - | body: a file |
/// | copy/small | - | a file a line | body: the files, one behind the other |
///
/// A file of a copy is found through a link of the cluster (`through`, empty for PGDATA itself) and
/// its path behind it, so that hosts may have their tablespaces in different places. What comes back
/// of one is its final bytes in pieces of a length (4 bytes, big endian, not 0) and so many bytes;
/// then a length of 0; then the length of its results (4 bytes) and the results (JSON): how, plain,
/// sha1, repo_sha1, pages.
///
/// `root` is `repo` or `pg`, or an absolute path: the destination of a tablespace or link of `pg`,
/// or the directory it is in (only that one name of it can then be reached). The serving host checks
/// every path again.
namespace pgbraid::remote {

/// Versions of all this that we speak. Hosts agree on the highest that both know; none is `protocol`
/// (39) with both ranges.
inline constexpr uint32_t version_min = 1;
inline constexpr uint32_t version_max = 1;

namespace path {
inline constexpr std::string_view hello = "/v1/hello";
inline constexpr std::string_view repo_cipher = "/v1/repo/cipher";
inline constexpr std::string_view storage_info = "/v1/storage/info";
inline constexpr std::string_view storage_list = "/v1/storage/list";
inline constexpr std::string_view storage_read = "/v1/storage/read";
inline constexpr std::string_view storage_read_small = "/v1/storage/read-small";
inline constexpr std::string_view storage_write = "/v1/storage/write";
inline constexpr std::string_view storage_change = "/v1/storage/change";
inline constexpr std::string_view storage_features = "/v1/storage/features";
inline constexpr std::string_view storage_free = "/v1/storage/free";
inline constexpr std::string_view storage_settle = "/v1/storage/settle";
inline constexpr std::string_view pg_open = "/v1/pg/open";
inline constexpr std::string_view pg_call = "/v1/pg/call";
inline constexpr std::string_view pg_close = "/v1/pg/close";
inline constexpr std::string_view pg_control = "/v1/pg/control";
inline constexpr std::string_view pg_facts = "/v1/pg/facts";
inline constexpr std::string_view copy_begin = "/v1/copy/begin";
inline constexpr std::string_view copy_file = "/v1/copy/file";
inline constexpr std::string_view copy_small = "/v1/copy/small";
} // namespace path

} // namespace pgbraid::remote
