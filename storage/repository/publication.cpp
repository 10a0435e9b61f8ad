// Naming what was written.
// SPDX-License-Identifier: MIT
#include "storage/repository/publication.hpp"

#include "engine/base/bytes.hpp"
#include "engine/codec/digest.hpp"
#include "engine/codec/stepper.hpp"

#include <fmt/format.h>

#include <utility>

namespace pgbraid {

namespace {

/// What is not larger is read back together with others.
constexpr uint64_t small_limit_bytes = uint64_t{1} << 20;
constexpr size_t chunk_bytes = size_t{256} << 10;

error differs(const storage& files, const std::string& path) {
  return {errc::checksum,
          fmt::format("'{}/{}' does not hold what was written to it", files.root(), path),
          "Is the storage damaged, or does something else write to the repository?"};
}

/// SHA-1 of at most one byte more than `size_bytes`, and whether that many were there.
result<std::pair<format::sha1_bytes, bool>> digest_of(io::reader& from, uint64_t size_bytes) {
  codec::digest_kernel digest;
  const auto stream = digest.open();
  std::vector<std::byte> chunk(chunk_bytes);
  uint64_t got_bytes = 0;
  for (bool last = false; !last;) {
    auto got = from.read(chunk);
    if (!got)
      return got.failure();
    got_bytes += *got;
    last = *got < chunk.size() || got_bytes > size_bytes;
    if (auto seen =
            codec::observe(digest, *stream, codec::window_of(byte_view(chunk).first(*got), last));
        !seen)
      return seen.failure();
  }
  return std::pair(codec::digest_kernel::value(*stream), got_bytes == size_bytes);
}

} // namespace

void publication::add(const std::string& path, std::string_view content,
                      const write_options& options) {
  steps_.back().push_back({path, content.size(), codec::sha1_of(as_bytes(content)),
                           write_uncommitted(files_, path, content, options)});
}

result<void> publication::publish(files_of_step& files) {
  // From here on a file may get its name: none of a later step has come so far.
  for (auto& one : files)
    if (one.begun)
      if (auto handed_over = (*one.begun)->begin_commit(); !handed_over)
        one.begun = handed_over.failure();
  const auto ask = [](file& one, bool wait) {
    if (one.begun)
      if (auto done = (*one.begun)->committed(wait); !done)
        one.begun = done.failure();
  };
  // When one has its name the others are synced, too: theirs are asked for together.
  for (auto& one : files) {
    ask(one, true);
    if (!one.begun) // whoever comes after it may be its copy
      return one.begun.failure();
    for (auto& other : files)
      ask(other, false);
  }
  return success();
}

result<void> publication::read_back(const files_of_step& files) {
  std::vector<const file*> small;
  for (const auto& one : files) {
    if (one.size_bytes <= small_limit_bytes)
      small.push_back(&one);
    else if (auto same = read_large(one); !same)
      return same;
  }
  return read_small(small);
}

result<void> publication::read_small(const std::vector<const file*>& files) {
  std::vector<small_read> reads;
  for (const auto* one : files)
    reads.push_back({.path = one->path, .limit_bytes = one->size_bytes + 1});
  files_.read_small(reads, nullptr);
  for (size_t i = 0; i < reads.size(); ++i) {
    if (reads[i].failure)
      return *reads[i].failure;
    if (reads[i].content.size() != files[i]->size_bytes ||
        codec::sha1_of(reads[i].content) != files[i]->checksum)
      return differs(files_, files[i]->path);
  }
  return success();
}

result<void> publication::read_large(const file& one) {
  auto opened = files_.open_read(one.path);
  if (!opened)
    return opened.failure();
  const auto found = digest_of(**opened, one.size_bytes);
  if (!found)
    return found.failure();
  if (!found->second || found->first != one.checksum)
    return differs(files_, one.path);
  return success();
}

result<void> publication::publish() {
  for (auto& step : steps_) {
    if (auto done = publish(step); !done)
      return done;
    if (auto same = read_back(step); !same)
      return same;
  }
  return success();
}

} // namespace pgbraid
