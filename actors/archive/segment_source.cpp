// A segment that is to be archived, read once where memory allows.
// SPDX-License-Identifier: MIT
#include "actors/archive/segment_source.hpp"

#include "engine/base/bytes.hpp"
#include "engine/postgres/version.hpp"
#include "engine/postgres/wal_header.hpp"

#include <fmt/format.h>

#include <array>

namespace pgbraid {

namespace {

/// Larger segments are read twice instead, and hashed both times.
constexpr uint64_t held_limit_bytes = uint64_t{64} << 20;

} // namespace

result<void> segment_source::check_size(uint64_t size_bytes, uint64_t right_bytes,
                                        std::string_view says) const {
  if (size_bytes == right_bytes)
    return success();
  return error{errc::archive_mismatch,
               fmt::format("WAL file '{}/{}' has {} bytes but {} says that segments have {}",
                           wal_.directory, wal_.name, size_bytes, says, right_bytes),
               "Was the file cut off, or is it still being copied?"};
}

result<void> segment_source::check_header(const wal_owner& of) const {
  std::array<std::byte, postgres::wal_header_bytes> bytes{};
  auto file = from_.open_read(wal_.source());
  if (!file)
    return file.failure();
  auto got = (*file)->read(bytes);
  if (!got)
    return got.failure();
  auto header = postgres::parse_wal_header(byte_view(bytes).first(*got));
  if (!header && *got == bytes.size()) {
    auto foreign = header.failure().within(
        fmt::format("WAL file '{}/{}' has no header of PostgreSQL's", wal_.directory, wal_.name));
    foreign.hint = "Is this version of PostgreSQL supported? Where PostgreSQL encrypts its WAL "
                   "(TDE), archive-header-check=n archives it without a look at its headers.";
    return foreign;
  }
  if (!header)
    return header.failure();
  const auto version = postgres::version_name(header->version);
  if (version == of.cluster.version && header->system_id == of.cluster.system_id)
    return check_size(segment_bytes_, header->segment_bytes, "its header");
  return error{errc::archive_mismatch,
               fmt::format("WAL file '{}/{}' version {}, system-id {} do not match stanza version "
                           "{}, system-id {}",
                           wal_.directory, wal_.name, version, header->system_id,
                           of.cluster.version, of.cluster.system_id)};
}

result<void> segment_source::hold() {
  if (segment_bytes_ > held_limit_bytes)
    return success();
  auto file = from_.open_read(wal_.source());
  if (!file)
    return file.failure();
  held_ = large_memory(segment_bytes_);
  if (!held_)
    return success();
  auto got = (*file)->read(held_.room());
  if (!got)
    return got.failure();
  held_bytes_ = *got;
  return check_size(held_bytes_, segment_bytes_, "a look just before");
}

result<void> segment_source::open(const wal_owner& of, bool checks_header) {
  auto about = from_.info(wal_.source());
  if (!about)
    return about.failure();
  if (!*about)
    return error{errc::file_missing,
                 fmt::format("WAL file '{}/{}' does not exist", wal_.directory, wal_.name)};
  segment_bytes_ = (*about)->size_bytes;
  if (checks_header)
    if (auto good = check_header(of); !good)
      return good;
  if (of.segment_bytes)
    if (auto good = check_size(segment_bytes_, *of.segment_bytes, "pg_control"); !good)
      return good;
  return hold();
}

result<void> segment_source::pass(graph::single_lane& through, std::span<graph::branch_end> ends) {
  if (held_) {
    const auto passed = through.run(held_.room().first(held_bytes_), ends);
    return passed ? success() : passed.failure();
  }
  auto file = from_.open_read(wal_.source());
  if (!file)
    return file.failure();
  const auto passed = through.run(**file, ends);
  return passed ? success() : passed.failure();
}

result<std::string> segment_source::digest() {
  auto looked_at = graph::single_lane::make(graph::push_graph({}, {}));
  if (!looked_at)
    return looked_at.failure();
  if (auto passed = pass(*looked_at, {}); !passed)
    return passed.failure();
  return to_hex(looked_at->checksum());
}

} // namespace pgbraid
