// Reading from disk or memory.
// SPDX-License-Identifier: MIT
#include "actors/backup/local_file.hpp"

#include "engine/base/path.hpp"

#include <algorithm>
#include <cstring>

namespace pgbraid {

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
