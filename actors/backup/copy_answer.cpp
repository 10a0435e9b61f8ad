// Reading and checking what another host sends.
// SPDX-License-Identifier: MIT
#include "actors/backup/copy_answer.hpp"

#include "engine/codec/packed_size.hpp"
#include "engine/plan/block_notes.hpp"
#include "storage/wire/protocol.hpp"

#include <algorithm>
#include <array>

namespace pgbraid {

namespace {

constexpr size_t length_bytes = 4;
/// Of about a million blocks that a file got while it was copied.
constexpr uint64_t growth_notes_bytes = uint64_t{8} << 20;
constexpr auto send_wait = std::chrono::seconds(1);
constexpr uint32_t largest_piece_bytes = uint32_t{16} << 20;

error nonsense(const wire::copied_file& about, std::string_view what) {
  return {errc::protocol, "the other host sent " + std::string(what) + " for '" + about.name + "'"};
}

error impossible_length() {
  return {errc::protocol, "the other host sent an impossible length"};
}

/// Runs of pages must ascend and not touch, as the page check makes them.
std::optional<codec::page_verdict> pages_of(const wire::copied_results& sent) {
  codec::page_verdict out{.valid = sent.pages_valid, .misaligned = sent.pages_misaligned};
  if (sent.bad_pages.size() % 2 != 0)
    return {};
  for (size_t i = 0; i < sent.bad_pages.size(); i += 2) {
    const codec::page_range run{sent.bad_pages[i], sent.bad_pages[i + 1]};
    if (run.last < run.first || (!out.bad.empty() && run.first <= out.bad.back().last))
      return {};
    out.bad.push_back(run);
  }
  if (out.valid != (out.bad.empty() && !out.misaligned) || (out.misaligned && !out.bad.empty()))
    return {};
  return out;
}

task_outcome outcome_of(wire::copy_outcome told) {
  switch (told) {
  case wire::copy_outcome::empty:
    return task_outcome::empty;
  case wire::copy_outcome::vanished:
    return task_outcome::vanished;
  case wire::copy_outcome::unchanged:
    return task_outcome::unchanged;
  case wire::copy_outcome::stored:
  case wire::copy_outcome::grown:
    break;
  }
  return task_outcome::stored;
}

} // namespace

uint64_t stored_limit_bytes(const wire::copied_file& asked, uint64_t plain_bytes) {
  if (!asked.blocks)
    return codec::packed_limit_bytes(plain_bytes);
  const auto whole = plain_bytes / asked.blocks->super_bytes;
  const auto each = format::largest_stored_super_block(asked.blocks->super_bytes);
  return whole >= UINT64_MAX / each ? UINT64_MAX : (whole + 1) * each;
}

bool copy_answer::arrived(size_t bytes, std::chrono::milliseconds wait) {
  if (!from_.send(wait))
    return false;
  return from_.call->readable(std::min(bytes, arrival_limit_bytes()), wait);
}

size_t copy_answer::arrival_limit_bytes() const {
  return from_.link->with().stream_window_bytes / 2;
}

result<void> copy_answer::fill(byte_span out) {
  if (out.empty()) // results without a letter; there is nothing to read then
    return success();
  auto got = from_.call->read(out);
  if (!got)
    return got.failure();
  if (*got == out.size())
    return success();
  if (auto why = from_.call->trailer(); !why)
    return why.failure();
  return error{errc::protocol, "the other host ended its answer too early"};
}

result<uint32_t> copy_answer::read_length(size_t limit) {
  std::array<std::byte, length_bytes> raw;
  if (auto filled = fill(raw); !filled)
    return filled.failure();
  uint32_t out = 0;
  for (const auto byte : raw)
    out = out << 8 | std::to_integer<uint32_t>(byte);
  if (out > limit)
    return impossible_length();
  return out;
}

result<void> copy_answer::read_results(const wire::copied_file& asked) {
  auto length = read_length(wire::body_limit_bytes);
  if (!length)
    return length.failure();
  std::string text(*length, '\0');
  if (auto filled = fill(std::as_writable_bytes(std::span(text))); !filled)
    return filled;
  auto sent = wire::decode<wire::copied_results>(text);
  if (!sent)
    return sent.failure();
  results_ = {};
  auto& out = results_.learned;
  const bool has_bytes = sent->how == wire::copy_outcome::stored;
  results_.grown = sent->how == wire::copy_outcome::grown;
  if (!has_bytes && (file_bytes_ > 0 || !notes_.empty()))
    return nonsense(asked, "bytes of no file");
  out.outcome = outcome_of(sent->how);
  out.path_gone = out.outcome == task_outcome::vanished && sent->path_gone;
  if (out.outcome == task_outcome::unchanged && asked.same_as.empty())
    return nonsense(asked, "a file that is as before");
  if (!has_bytes)
    return out.outcome == task_outcome::empty && !asked.skip_empty
               ? nonsense(asked, "an empty file")
               : success();
  if (asked.blocks)
    out.block_notes = std::exchange(notes_, {});
  return check_stored(*sent, asked);
}

result<void> copy_answer::check_stored(const wire::copied_results& sent,
                                       const wire::copied_file& asked) {
  auto& out = results_.learned;
  const bool changed = changed_ && !asked.blocks;
  out.plain_bytes = sent.plain;
  if (out.plain_bytes > asked.limit.value_or(UINT64_MAX) ||
      file_bytes_ > stored_limit_bytes(asked, out.plain_bytes) ||
      (!changed && !asked.blocks && file_bytes_ != out.plain_bytes))
    return nonsense(asked, "a wrong size");
  const auto sha1 = from_hex(sent.sha1);
  out.repo_checksum = from_hex(sent.repo_sha1);
  if (!sha1 || out.repo_checksum.has_value() != changed)
    return nonsense(asked, "an invalid checksum");
  out.checksum = *sha1;
  if (sent.pages_checked)
    out.pages = pages_of(sent);
  if (out.pages.has_value() != asked.check_pages)
    return nonsense(asked, "an invalid result of the page check");
  return success();
}

/// No more than the file's blocks can have. One that may grow gets some room for that.
result<void> copy_answer::read_notes(size_t bytes, const wire::copied_file& asked) {
  if (!asked.blocks)
    return nonsense(asked, "blocks");
  const format::block_map_shape shape{.file_bytes = asked.limit.value_or(asked.expected),
                                      .block_bytes = asked.blocks->block_bytes};
  const auto most =
      plan::largest_block_notes(shape.blocks(), static_cast<uint8_t>(asked.blocks->checksum_bytes));
  const auto sum = notes_.size() + bytes;
  if (asked.limit && sum > most)
    return nonsense(asked, "more blocks than there can be");
  if (sum > most + growth_notes_bytes)
    return error{errc::memory, "'" + asked.name + "' grew too much to be copied in blocks",
                 "The next backup knows its size."};
  const auto before = notes_.size();
  notes_.resize(sum);
  return fill(byte_span(notes_).subspan(before));
}

/// Up to the next final bytes; false where there are none any more.
result<bool> copy_answer::next_piece(const wire::copied_file& asked) {
  while (true) {
    auto length = read_length(wire::notes_piece | largest_piece_bytes);
    if (!length)
      return length.failure();
    const auto bytes = *length & ~wire::notes_piece;
    if (bytes > largest_piece_bytes || (bytes == 0 && *length != 0))
      return impossible_length();
    if (*length == bytes) {
      left_bytes_ = bytes;
      return bytes > 0;
    }
    if (auto read = read_notes(bytes, asked); !read)
      return read.failure();
  }
}

result<size_t> copy_answer::take(byte_span out, const wire::copied_file& asked) {
  if (ended_)
    return size_t{0};
  while (!from_.send(send_wait))
    ;
  if (left_bytes_ == 0)
    if (auto more = next_piece(asked); !more)
      return more.failure();
  if (left_bytes_ == 0) {
    if (auto read = read_results(asked); !read)
      return read.failure();
    ended_ = true;
    return size_t{0};
  }
  const auto count = std::min<size_t>(out.size(), left_bytes_);
  if (auto filled = fill(out.first(count)); !filled)
    return filled.failure();
  left_bytes_ -= static_cast<uint32_t>(count);
  file_bytes_ += count;
  if (asked.limit && file_bytes_ > stored_limit_bytes(asked, *asked.limit))
    return nonsense(asked, "more bytes than there can be");
  return count;
}

remote_results copy_answer::next_file() {
  assert(ended_);
  ended_ = false;
  file_bytes_ = 0;
  return std::exchange(results_, {});
}

} // namespace pgbraid
