// How requests and answers between hosts are written as JSON, for both ends.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/codec/file_rules.hpp"
#include "engine/pg/pg_session.hpp"
#include "storage/storage.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Each message of README.md is a struct here. `encode` gives its JSON text without line feeds,
/// `decode` reads it: unknown members are ignored, missing ones keep the defaults, and what has
/// another type, does not fit, or is no JSON at all fails with `protocol`. What a path or name
/// means is for the caller to check.
namespace pgbraid::wire {

/// Bytes as text that JSON can carry: each byte is the code point of its value.
std::string wire_text(std::string_view bytes);
/// The other way round. Fails with `protocol` for text that is no UTF-8 or has larger code points.
result<std::string> from_wire_text(std::string_view text);

/// The longest line in a body of lines.
inline constexpr size_t line_limit_bytes = size_t{64} << 10;
/// The longest body that is read as one JSON text.
inline constexpr size_t body_limit_bytes = size_t{4} << 20;

/// An answer or argument without content: `{}`.
struct nothing {};

struct hello {
  uint32_t version_min = 0;
  uint32_t version_max = 0;
  std::string program = {};
  std::vector<std::string> args = {};
  std::vector<std::string> locks = {};
};
struct hello_answer {
  uint32_t version = 0;
  std::string program = {};
  std::vector<std::string> capabilities = {};
};

/// The passphrase itself stays where it is: repo/read-info and repo/write-info do what it is for.
struct cipher_answer {
  cipher_type type = cipher_type::none;
};

/// storage/info, list, features, free.
struct place_request {
  std::string root = {};
  std::string path = {};
};
struct info_answer {
  bool found = false;
  entry_info info = {};
};
struct list_answer {
  bool found = false;
};
struct free_answer {
  std::optional<uint64_t> bytes = {};
};

struct read_request {
  std::string root = {};
  std::string path = {};
  uint64_t offset = 0;
  std::optional<uint64_t> limit = {};
  uint64_t size_hint = 0;
};

/// Which request reads or writes: as it lies there, or as the text of an info file.
enum class content : uint8_t { as_stored, info_text };

struct read_answer {
  /// Another text when the file was replaced or changed; a read that goes on compares it.
  std::string version = {};
};

/// A line of storage/remove-files.
struct removal_line {
  std::string path = {};
};

struct small_request {
  std::string path = {};
  uint64_t limit = 0;
  uint64_t offset = 0;
};
/// Before the bytes of each file.
struct small_answer {
  uint64_t size = 0;
  std::optional<error> failure = {};
};

/// The engine in the options is not sent.
struct write_request {
  std::string root = {};
  std::string path = {};
  write_options options = {};
};

enum class change_op : uint8_t {
  none,
  make_path,
  remove_file,
  remove_tree,
  move,     ///< `other` is the new path
  symlink,  ///< `other` is the destination
  hardlink, ///< `other` is the existing file
  sync,
  attributes,
  remove_unfinished ///< begun before the time in `wanted`
};
struct change_request {
  std::string root = {};
  change_op op = change_op::none;
  std::string path = {};
  std::string other = {};
  storage::attributes wanted = {}; ///< mode also for make_path, the time also for remove_unfinished
};

struct pg_open_request {
  std::string application_name = {};
  uint64_t timeout_ms = 0;
};
struct pg_open_answer {
  uint32_t session = 0;
};

/// What a session can be asked; there is no way to send SQL.
enum class pg_op : uint8_t {
  none,
  is_in_recovery,
  clock,
  current_segment,
  start_backup,
  stop_backup,
  create_restore_point,
  switch_segment,
  checkpoint,
  replay_location,
  databases,
  tablespaces,
  is_broken
};
struct pg_call_request {
  uint32_t session = 0;
  pg_op op = pg_op::none;
  std::string text = {};
  bool flag = false;
};
/// The operation says which members mean something.
struct pg_call_answer {
  bool flag = false;
  int64_t number = 0;
  std::string text = {};
  std::optional<uint64_t> location = {};
  pg::pg_backup_start start = {};
  pg::pg_backup_stop stop = {};
  std::vector<pg::pg_database> databases = {};
  std::vector<pg::pg_tablespace> tablespaces = {};
};

struct facts_request {
  std::vector<uint32_t> users = {};
  std::vector<uint32_t> groups = {};
};
struct facts_answer {
  std::map<uint32_t, std::string> users = {};
  std::map<uint32_t, std::string> groups = {};
};

/// copy/begin.
struct copy_rules {
  codec::file_rules file = {}; ///< what is done to the bytes of every file of a backup
  /// A file in blocks takes so much memory there, its super block and what is noted of it.
  uint64_t block_memory_bytes = 0;
  bool fuse = true; ///< neighbouring steps run as one
  /// Workers wanted on this connection; the serving host has its own limit.
  uint32_t workers = 1;
};
/// How a file is cut into blocks.
struct copied_blocks {
  uint32_t block_bytes = 0;
  uint32_t checksum_bytes = 6;
  uint64_t super_bytes = 0; ///< whole blocks
  /// So many checksums of the prior backup follow the file.
  uint64_t prior_blocks = 0;
};
/// copy/file, and a line of copy/small.
struct copied_file {
  std::string name = {};    ///< in the manifest
  std::string through = {}; ///< path of a link in PGDATA; empty: PGDATA itself
  std::string path = {};    ///< behind the link; empty: the link leads to the file
  /// No more than this is read.
  std::optional<uint64_t> limit = {};
  uint64_t expected = 0;
  bool check_pages = false;
  bool skip_empty = false; ///< an empty file is only reported
  bool raw = false;        ///< in raw containers, as a member of a bundle
  /// SHA-1, hexadecimal: a file of the expected size with this content is only reported.
  std::string same_as = {};
  /// Only blocks that changed are sent, as super blocks.
  std::optional<copied_blocks> blocks = {};
};
enum class copy_outcome : uint8_t {
  stored,
  empty,
  vanished,
  grown,     ///< only copy/small: too large for it by now, nothing was sent
  unchanged, ///< its content is that of `same_as`
};
/// Behind the bytes of each file.
struct copied_results {
  copy_outcome how = copy_outcome::stored;
  bool path_gone = false; ///< vanished, with the directory it was in
  uint64_t plain = 0;     ///< bytes read
  std::string sha1 = {};  ///< of them, hexadecimal
  /// Of what was sent; empty when that is the plain file, or blocks of it.
  std::string repo_sha1 = {};
  bool pages_checked = false;
  bool pages_valid = true;
  bool pages_misaligned = false;
  /// First and last page of each run of wrong ones.
  std::vector<uint64_t> bad_pages = {};
};

template <class T> std::string encode(const T& message);
template <class T> result<T> decode(std::string_view text);

} // namespace pgbraid::wire
