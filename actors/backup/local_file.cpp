// Reading from disk or memory.
// SPDX-License-Identifier: MIT
#include "actors/backup/local_file.hpp"

#include "engine/base/path.hpp"
#include "engine/codec/stepper.hpp"

#include <algorithm>
#include <cstring>

namespace pgbraid {

namespace {

constexpr uint64_t compare_chunk_bytes = uint64_t{256} << 10;

} // namespace

result<bool> local_file::open(io::io_engine* engine) {
  if (wish_.content) {
    content_ = *wish_.content;
    return true;
  }
  if (wish_.prefetch)
    prefetched_ = wish_.prefetch->take(wish_.prefetch_index, engine);
  if (prefetched_) {
    content_ = *prefetched_;
    return true;
  }
  auto opened = wish_.at.in->open_read(wish_.at.path, {.limit_bytes = wish_.limit_bytes,
                                                       .engine = engine,
                                                       .size_hint_bytes = wish_.expected_bytes});
  if (!opened && opened.failure().code == errc::file_missing)
    return false;
  if (!opened)
    return opened.failure();
  reader_ = std::move(*opened);
  return true;
}

result<bool> is_path_gone(const cluster_file& file) {
  auto info = file.in->info(split_path(file.path).parent);
  if (!info)
    return info.failure();
  return !info->has_value() || (*info)->kind != entry_kind::path;
}

result<bool> local_file::is_path_gone() const {
  return pgbraid::is_path_gone(wish_.at);
}

result<bool> local_file::is_empty() {
  if (content_)
    return content_->empty();
  std::byte probe;
  auto first = reader_->read_at({&probe, 1}, 0);
  if (!first)
    return first.failure();
  return *first == 0;
}

result<bool> local_file::has_content(const codec::sha1_digest& sha1) {
  if (content_)
    return content_->size() == wish_.expected_bytes && codec::sha1_of(*content_) == sha1;
  codec::digest_kernel digest;
  const auto stream = digest.open();
  std::vector<std::byte> chunk(std::min<uint64_t>(compare_chunk_bytes, wish_.expected_bytes + 1));
  uint64_t seen_bytes = 0;
  for (bool last = false; !last;) {
    // One byte more shows that a file has grown; one that stops at the size of the walk has not.
    const auto wanted = std::min<uint64_t>(
        chunk.size(), wish_.expected_bytes + (wish_.limit_bytes ? 0 : 1) - seen_bytes);
    auto got = reader_->read_at(byte_span(chunk).first(wanted), seen_bytes);
    if (!got)
      return got.failure();
    seen_bytes += *got;
    last = *got < chunk.size();
    if (auto seen =
            codec::observe(digest, *stream, codec::window_of(byte_view(chunk).first(*got), last));
        !seen)
      return seen.failure();
  }
  return seen_bytes == wish_.expected_bytes && codec::digest_kernel::value(*stream) == sha1;
}

result<task_outcome> look_first(local_file& at, const wire::copied_file& wanted) {
  if (wanted.skip_empty) {
    auto empty = at.is_empty();
    if (!empty)
      return empty.failure();
    if (*empty)
      return task_outcome::empty;
  }
  if (wanted.same_as.empty())
    return task_outcome::stored;
  const auto before = from_hex(wanted.same_as);
  if (!before)
    return error{errc::protocol, "an impossible checksum to compare '" + wanted.name + "' with"};
  auto same = at.has_content(*before);
  if (!same)
    return same.failure();
  return *same ? task_outcome::unchanged : task_outcome::stored;
}

result<size_t> local_file::read(byte_span out) {
  if (!content_) {
    auto got = reader_->read(out);
    if (got)
      read_bytes_ += *got;
    return got;
  }
  const auto count = std::min<size_t>(out.size(), content_->size() - read_bytes_);
  if (count > 0)
    std::memcpy(out.data(), content_->data() + read_bytes_, count);
  read_bytes_ += count;
  return count;
}

result<size_t> local_file::read_again(byte_span into, uint64_t offset_bytes) const {
  if (reader_)
    return reader_->read_at(into, offset_bytes);
  auto again = wish_.at.in->open_read(wish_.at.path);
  // A relation that is gone by now cannot tell whether its page was torn: the page counts as is.
  if (!again)
    return again.failure().code == errc::file_missing ? result<size_t>(0) : again.failure();
  return (*again)->read_at(into, offset_bytes);
}

std::function<result<size_t>(byte_span, uint64_t)> local_file::rereader() const {
  return [this](byte_span into, uint64_t offset_bytes) { return read_again(into, offset_bytes); };
}

} // namespace pgbraid
