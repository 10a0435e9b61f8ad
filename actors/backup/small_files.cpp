// Windows of small files.
// SPDX-License-Identifier: MIT
#include "actors/backup/small_files.hpp"

namespace pgbraid {

size_t small_files::add(storage& in, std::string path, uint64_t size_bytes) {
  files_.push_back({&in, std::move(path), size_bytes, nullptr});
  return files_.size() - 1;
}

void small_files::read_window(size_t from, io::io_engine* engine) {
  std::vector<small_read> wanted;
  uint64_t bytes = 0;
  for (auto i = from; i < files_.size() && wanted.size() < window_files; ++i) {
    const auto& file = files_[i];
    if (file.in != files_[from].in || (bytes += file.size_bytes) > window_bytes)
      break;
    // One byte more than expected tells a file that grew.
    wanted.push_back({.path = file.path, .limit_bytes = file.size_bytes + 1});
  }
  files_[from].in->read_small(wanted, engine);
  for (size_t i = 0; i < wanted.size(); ++i)
    if (!wanted[i].failure && wanted[i].content.size() <= files_[from + i].size_bytes)
      files_[from + i].content =
          std::make_shared<std::vector<std::byte>>(std::move(wanted[i].content));
  read_to_ = from + std::max<size_t>(1, wanted.size());
}

std::shared_ptr<const std::vector<std::byte>> small_files::take(size_t index,
                                                                io::io_engine* engine) {
  if (index >= read_to_)
    read_window(index, engine);
  return std::exchange(files_[index].content, nullptr);
}

} // namespace pgbraid
