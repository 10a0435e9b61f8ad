// Encoding and decoding packets.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/packet.hpp"

#include "engine/base/printable.hpp"

#include <algorithm>

namespace pgbraid::sftp {

namespace {

// Which members attributes have.
constexpr uint32_t has_size = 1;
constexpr uint32_t has_owner = 2;
constexpr uint32_t has_mode = 4;
constexpr uint32_t has_times = 8;
constexpr uint32_t has_extended = 0x80000000;

constexpr size_t message_limit = 512;

error wrong(std::string_view what) {
  return {errc::protocol, "the SFTP server sent " + std::string(what)};
}

/// Reads what else may come instead: a status.
result<void> read_status(const reply& from, status& into) {
  auto got = status_of(from);
  if (!got)
    return got.failure();
  if (got->code == status_code::ok)
    return wrong("no answer to a question");
  into = std::move(*got);
  return success();
}

} // namespace

fields& fields::u32(uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    made_.push_back(static_cast<std::byte>(value >> shift));
  return *this;
}

fields& fields::u64(uint64_t value) {
  return u32(static_cast<uint32_t>(value >> 32)).u32(static_cast<uint32_t>(value));
}

fields& fields::text(std::string_view value) {
  return bytes(as_bytes(value));
}

fields& fields::bytes(byte_view value) {
  u32(static_cast<uint32_t>(value.size()));
  made_.insert(made_.end(), value.begin(), value.end());
  return *this;
}

fields& fields::about(const attributes& value) {
  const bool owner = value.uid && value.gid;
  u32((value.size ? has_size : 0) | (owner ? has_owner : 0) | (value.mode ? has_mode : 0) |
      (value.mtime_s ? has_times : 0));
  if (value.size)
    u64(*value.size);
  if (owner)
    u32(*value.uid).u32(*value.gid);
  if (value.mode)
    u32(*value.mode);
  if (value.mtime_s)
    u32(*value.mtime_s).u32(*value.mtime_s);
  return *this;
}

std::vector<std::byte> packet_of(packet_kind kind, uint32_t number, const fields& rest,
                                 size_t behind_bytes) {
  fields head;
  const auto& body = rest.made();
  head.u32(static_cast<uint32_t>(body.size() + behind_bytes + 5));
  auto out = head.made();
  out.reserve(body.size() + 9);
  out.push_back(static_cast<std::byte>(kind));
  const auto numbered = fields().u32(number).made();
  out.insert(out.end(), numbered.begin(), numbered.end());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

byte_view field_reader::take(size_t bytes) {
  if (broken_ || rest_.size() < bytes) {
    broken_ = true;
    rest_ = {};
    return {};
  }
  const auto out = rest_.first(bytes);
  rest_ = rest_.subspan(bytes);
  return out;
}

uint32_t field_reader::u32() {
  uint32_t out = 0;
  for (const auto byte : take(4))
    out = out << 8 | std::to_integer<uint32_t>(byte);
  return out;
}

uint64_t field_reader::u64() {
  const uint64_t high = u32();
  return high << 32 | u32();
}

std::string_view field_reader::text() {
  return as_text(take(u32()));
}

attributes field_reader::about() {
  attributes out;
  const auto has = u32();
  if (has & has_size)
    out.size = u64();
  if (has & has_owner) {
    out.uid = u32();
    out.gid = u32();
  }
  if (has & has_mode)
    out.mode = u32();
  if (has & has_times) {
    u32();
    out.mtime_s = u32();
  }
  if (has & has_extended)
    for (auto left = u32(); left > 0 && !broken_; --left) {
      text();
      text();
    }
  return out;
}

result<status> status_of(const reply& from) {
  if (from.kind != packet_kind::status)
    return wrong("an answer of another kind than asked for");
  field_reader in(from.rest);
  const auto code = in.u32();
  if (in.broken())
    return wrong("an answer that is cut short");
  const auto said = in.text();
  return status{static_cast<status_code>(code), printable(said.substr(0, message_limit))};
}

result<std::optional<std::string>> handle_of(const reply& from, status& refused) {
  if (from.kind != packet_kind::handle) {
    if (auto got = read_status(from, refused); !got)
      return got.failure();
    return std::optional<std::string>();
  }
  field_reader in(from.rest);
  const auto handle = in.text();
  constexpr size_t handle_limit = 256;
  if (in.broken() || handle.size() > handle_limit)
    return wrong("an invalid handle");
  return std::optional(std::string(handle));
}

result<std::optional<byte_view>> data_of(const reply& from, status& refused) {
  if (from.kind != packet_kind::data) {
    if (auto got = read_status(from, refused); !got)
      return got.failure();
    return std::optional<byte_view>();
  }
  field_reader in(from.rest);
  const auto data = in.text();
  if (in.broken() || data.empty())
    return wrong("data of an impossible length");
  return std::optional(as_bytes(data));
}

result<std::optional<attributes>> attributes_of(const reply& from, status& refused) {
  if (from.kind != packet_kind::attrs) {
    if (auto got = read_status(from, refused); !got)
      return got.failure();
    return std::optional<attributes>();
  }
  field_reader in(from.rest);
  const auto about = in.about();
  if (in.broken())
    return wrong("attributes that are cut short");
  return std::optional(about);
}

result<std::optional<std::vector<named>>> names_of(const reply& from, status& refused) {
  if (from.kind != packet_kind::name) {
    if (auto got = read_status(from, refused); !got)
      return got.failure();
    return std::optional<std::vector<named>>();
  }
  field_reader in(from.rest);
  std::vector<named> out;
  for (auto left = in.u32(); left > 0 && !in.broken(); --left) {
    std::string name(in.text());
    in.text(); // as `ls -l` shows it
    auto about = in.about();
    out.push_back({std::move(name), about});
  }
  if (in.broken())
    return wrong("a list that is cut short");
  return std::optional(std::move(out));
}

} // namespace pgbraid::sftp
