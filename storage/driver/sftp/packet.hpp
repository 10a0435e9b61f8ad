// Packets of the SSH File Transfer Protocol, version 3.
// Source: draft-ietf-secsh-filexfer-02, and OpenSSH's PROTOCOL for its extensions.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::sftp {

enum class packet_kind : uint8_t {
  init = 1,
  version = 2,
  open = 3,
  close = 4,
  read = 5,
  write = 6,
  lstat = 7,
  fstat = 8,
  setstat = 9,
  fsetstat = 10,
  opendir = 11,
  readdir = 12,
  remove = 13,
  mkdir = 14,
  rmdir = 15,
  realpath = 16,
  rename = 18,
  readlink = 19,
  symlink = 20,
  status = 101,
  handle = 102,
  data = 103,
  name = 104,
  attrs = 105,
  extended = 200,
  extended_reply = 201,
};

/// What a server says about a request that has no other answer.
enum class status_code : uint32_t {
  ok = 0,
  eof = 1,
  no_such_file = 2,
  permission_denied = 3,
  failure = 4,
  bad_message = 5,
  no_connection = 6,
  connection_lost = 7,
  unsupported = 8,
};

/// Version that we speak.
inline constexpr uint32_t protocol_version = 3;
/// The longest packet that is believed, as OpenSSH has it.
inline constexpr uint32_t packet_limit_bytes = uint32_t{256} << 10;
/// What one request reads or writes: the most that every server must take.
inline constexpr uint32_t piece_bytes = uint32_t{32} << 10;

/// Flags of `open`.
inline constexpr uint32_t flag_read = 1;
inline constexpr uint32_t flag_write = 2;
inline constexpr uint32_t flag_create = 8;
inline constexpr uint32_t flag_exclusive = 32;

/// Members that are absent are not told, or not to be changed.
struct attributes {
  std::optional<uint64_t> size = {};
  std::optional<uint32_t> uid = {}; ///< with gid
  std::optional<uint32_t> gid = {};
  std::optional<uint32_t> mode = {};    ///< with the bits of the kind of file
  std::optional<uint32_t> mtime_s = {}; ///< sent as the time of access, too
};

/// Puts fields one behind the other; strings have their length in front.
class fields {
public:
  fields& u32(uint32_t value);
  fields& u64(uint64_t value);
  fields& text(std::string_view value);
  fields& bytes(byte_view value);
  fields& about(const attributes& value);
  const std::vector<std::byte>& made() const { return made_; }

private:
  std::vector<std::byte> made_;
};

/// A whole packet: length, kind, number, fields.
/// @param behind_bytes  length of the data that will be sent behind it as a part of it
std::vector<std::byte> packet_of(packet_kind kind, uint32_t number, const fields& rest,
                                 size_t behind_bytes = 0);

/// Takes fields from what a server sent. After a field that does not fit everything is empty, and
/// `broken` says so.
class field_reader {
public:
  explicit field_reader(byte_view in) : rest_(in) {}
  uint32_t u32();
  uint64_t u64();
  std::string_view text();
  attributes about();
  bool broken() const { return broken_; }
  bool at_end() const { return rest_.empty(); }

private:
  byte_view take(size_t bytes);
  byte_view rest_;
  bool broken_ = false;
};

/// An answer without its length and number.
struct reply {
  packet_kind kind = packet_kind::status;
  std::vector<std::byte> rest;
};

struct status {
  status_code code = status_code::failure;
  std::string message; ///< of the server, made printable
};
/// Fails with `protocol` for anything else.
result<status> status_of(const reply& from);
/// A handle; a status is handed to `refused`.
result<std::optional<std::string>> handle_of(const reply& from, status& refused);
/// Data; empty when a status came instead, which is handed to `refused` (`eof` at the end).
result<std::optional<byte_view>> data_of(const reply& from, status& refused);
result<std::optional<attributes>> attributes_of(const reply& from, status& refused);

struct named {
  std::string name;
  attributes about;
};
result<std::optional<std::vector<named>>> names_of(const reply& from, status& refused);

} // namespace pgbraid::sftp
