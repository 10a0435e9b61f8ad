// Opening again what a break interrupted.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/sftp_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::sftp {

sftp_reader::sftp_reader(std::shared_ptr<session_pool> pool, opened_file file,
                         std::string full_path, const read_options& options)
    : pool_(std::move(pool)), full_path_(std::move(full_path)), about_(file.about) {
  if (options.limit_bytes)
    end_ = options.offset_bytes + std::min(*options.limit_bytes, UINT64_MAX - options.offset_bytes);
  ahead_.emplace(std::move(file), full_path_, options.offset_bytes, end_, pool_.get());
}

result<void> sftp_reader::reopen(const std::shared_ptr<connection>& on) {
  reopening_ = on;
  auto file = open_file(on, full_path_);
  if (!file)
    return file.failure();
  if (!same_content(file->about, about_))
    return error{errc::file_read, fmt::format("'{}' changed while it was read", full_path_)};
  const auto offset = ahead_->offset();
  ahead_.emplace(std::move(*file), full_path_, offset, end_, pool_.get());
  reopening_ = nullptr;
  return success();
}

template <class Step> auto sftp_reader::step_on(Step step) {
  return through_breaks(
      *pool_, [this]() -> const connection& { return reopening_ ? *reopening_ : ahead_->asked(); },
      step, [this](const std::shared_ptr<connection>& on) { return reopen(on); });
}

result<size_t> sftp_reader::read(byte_span out) {
  size_t filled = 0;
  while (filled < out.size()) {
    auto more = step_on([&] { return ahead_->read_some(out.subspan(filled)); });
    if (!more)
      return more;
    if (*more == 0)
      break;
    filled += *more;
  }
  return filled;
}

result<size_t> sftp_reader::read_at(byte_span out, uint64_t offset_bytes) {
  size_t filled = 0;
  while (filled < out.size()) {
    const auto bytes = static_cast<uint32_t>(std::min<size_t>(piece_bytes, out.size() - filled));
    auto data = step_on([&] { return ahead_->read_piece(offset_bytes + filled, bytes); });
    if (!data)
      return data.failure();
    if (data->empty())
      break;
    std::copy(data->begin(), data->end(), out.begin() + static_cast<ptrdiff_t>(filled));
    filled += data->size();
  }
  return filled;
}

} // namespace pgbraid::sftp
