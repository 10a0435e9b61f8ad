// Reading the stored bytes of a batch at once.
// SPDX-License-Identifier: MIT
#include "storage/repository/shared_bytes.hpp"

#include "engine/format/repository_path.hpp"

#include <algorithm>
#include <cassert>
#include <optional>

namespace pgbraid {

namespace {

class small_files final : public shared_bytes {
public:
  small_files(storage& from, std::vector<small_read> files)
      : from_(from), files_(std::move(files)) {}

  result<byte_view> bytes_of(size_t position, io::io_engine* engine) override {
    if (!loaded_)
      from_.read_small(files_, engine);
    loaded_ = true;
    const auto& file = files_[position];
    if (file.failure)
      return *file.failure;
    return byte_view(file.content);
  }

private:
  storage& from_;
  std::vector<small_read> files_;
  bool loaded_ = false;
};

class members final : public shared_bytes {
public:
  members(storage& from, std::string path, std::vector<bundle_member> all)
      : from_(from), path_(std::move(path)), members_(std::move(all)) {
    assert(!members_.empty());
  }

  result<byte_view> bytes_of(size_t position, io::io_engine* engine) override {
    if (!loaded_)
      if (auto read = load(engine); !read)
        return read.failure();
    loaded_ = true;
    const auto& member = members_[position];
    const auto all = byte_view(content_.get(), bytes_);
    const auto begin =
        std::min<uint64_t>(all.size(), member.offset_bytes - members_.front().offset_bytes);
    return all.subspan(begin, std::min<uint64_t>(all.size() - begin, member.length_bytes));
  }

private:
  result<void> load(io::io_engine* engine) {
    const auto begin = members_.front().offset_bytes;
    const auto end = members_.back().offset_bytes + members_.back().length_bytes;
    auto file = from_.open_read(path_, {.offset_bytes = begin,
                                        .limit_bytes = end - begin,
                                        .engine = engine,
                                        .size_hint_bytes = end - begin});
    if (!file)
      return file.failure();
    // All of it is about to be written: zeros first would be for nothing.
    content_ = std::make_unique_for_overwrite<std::byte[]>(end - begin);
    auto got = (*file)->read(byte_span(content_.get(), end - begin));
    if (!got)
      return got.failure();
    bytes_ = *got;
    return success();
  }

  storage& from_;
  std::string path_;
  std::vector<bundle_member> members_;
  std::unique_ptr<std::byte[]> content_;
  size_t bytes_ = 0; ///< of it that the repository has
  bool loaded_ = false;
};

} // namespace

plan::batch_limits reading_of(const storage& repository) {
  const auto features = repository.features();
  return plan::limits_for(features.batch_bytes, features.read_over_bytes);
}

std::shared_ptr<shared_bytes> read_small_together(storage& from, std::vector<small_read> files) {
  return std::make_shared<small_files>(from, std::move(files));
}

std::shared_ptr<shared_bytes> read_members_together(storage& from, std::string path,
                                                    std::vector<bundle_member> all) {
  return std::make_shared<members>(from, std::move(path), std::move(all));
}

std::shared_ptr<shared_bytes> read_batch_together(storage& from, std::string_view stanza,
                                                  const format::manifest& of,
                                                  const plan::restore_batch& batch,
                                                  uint64_t beyond_bytes) {
  if (batch.kind == plan::batch_kind::small) {
    std::vector<small_read> files;
    for (const auto* file : batch.files)
      files.push_back({.path = format::stored_file_path(stanza, of, *file),
                       .limit_bytes = file->stored_bytes() + beyond_bytes});
    return read_small_together(from, std::move(files));
  }
  if (batch.kind == plan::batch_kind::bundle) {
    std::vector<bundle_member> members;
    for (const auto* file : batch.files)
      members.push_back({file->bundle_offset_bytes, file->stored_bytes()});
    return read_members_together(from, format::stored_file_path(stanza, of, *batch.files.front()),
                                 std::move(members));
  }
  return nullptr;
}

} // namespace pgbraid
