// Reading the stored bytes of a batch at once.
// SPDX-License-Identifier: MIT
#include "storage/repository/shared_bytes.hpp"

#include "engine/format/repository_path.hpp"

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

namespace pgbraid {

namespace {

/// As much of a bundle is asked for at once; more of it is asked for side by side.
constexpr uint64_t run_limit_bytes = uint64_t{4} << 20;

/// As much of a member as there is.
byte_view part_of(byte_view all, uint64_t begin, uint64_t bytes) {
  begin = std::min<uint64_t>(all.size(), begin);
  return all.subspan(begin, std::min<uint64_t>(all.size() - begin, bytes));
}

class small_files final : public shared_bytes {
public:
  small_files(storage& from, std::vector<small_read> files)
      : from_(from), files_(std::move(files)) {
    for (const auto& file : files_)
      most_bytes_ += file.limit_bytes;
  }

  void begin() override {
    if (!loaded_ && !ahead_ && from_.features().reads_ahead)
      ahead_ = from_.begin_small(std::move(files_));
  }
  uint64_t most_bytes() const override { return most_bytes_; }

  result<byte_view> bytes_of(size_t position, io::io_engine* engine) override {
    if (ahead_)
      files_ = std::exchange(ahead_, nullptr)->wait(engine);
    else if (!loaded_)
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
  uint64_t most_bytes_ = 0;
  std::unique_ptr<small_reads_ahead> ahead_ = {};
  bool loaded_ = false;
};

/// Neighbours that the storage gives as one stream.
class one_run final : public shared_bytes {
public:
  one_run(storage& from, std::string path, std::vector<plan::bundle_member> all)
      : from_(from), path_(std::move(path)), members_(std::move(all)) {
    assert(!members_.empty());
  }

  void begin() override {}
  uint64_t most_bytes() const override {
    return members_.back().offset_bytes + members_.back().length_bytes -
           members_.front().offset_bytes;
  }

  result<byte_view> bytes_of(size_t position, io::io_engine* engine) override {
    if (!loaded_)
      if (auto read = load(engine); !read)
        return read.failure();
    loaded_ = true;
    const auto& member = members_[position];
    return part_of(byte_view(content_.get(), bytes_),
                   member.offset_bytes - members_.front().offset_bytes, member.length_bytes);
  }

private:
  result<void> load(io::io_engine* engine) {
    const auto size = most_bytes();
    auto file = from_.open_read(path_, {.offset_bytes = members_.front().offset_bytes,
                                        .limit_bytes = size,
                                        .engine = engine,
                                        .size_hint_bytes = size});
    if (!file)
      return file.failure();
    // All of it is about to be written: zeros first would be for nothing.
    content_ = std::make_unique_for_overwrite<std::byte[]>(size);
    auto got = (*file)->read(byte_span(content_.get(), size));
    if (!got)
      return got.failure();
    bytes_ = *got;
    return success();
  }

  storage& from_;
  std::string path_;
  std::vector<plan::bundle_member> members_;
  std::unique_ptr<std::byte[]> content_;
  size_t bytes_ = 0; ///< of it that the repository has
  bool loaded_ = false;
};

/// Members here and there, each of them in one of the parts that are read.
class many_runs final : public shared_bytes {
public:
  many_runs(storage& from, const std::string& path, std::vector<plan::bundle_member> all,
            const std::vector<plan::bundle_run>& runs)
      : members_(std::move(all)), parts_(from, reads_of(path, runs)) {
    run_of_.reserve(members_.size());
    for (size_t i = 0; i < runs.size(); ++i)
      run_of_.insert(run_of_.end(), runs[i].count, {i, runs[i].offset_bytes});
  }

  void begin() override { parts_.begin(); }
  uint64_t most_bytes() const override { return parts_.most_bytes(); }

  result<byte_view> bytes_of(size_t position, io::io_engine* engine) override {
    const auto& [run, run_offset_bytes] = run_of_[position];
    auto part = parts_.bytes_of(run, engine);
    if (!part)
      return part;
    const auto& member = members_[position];
    return part_of(*part, member.offset_bytes - run_offset_bytes, member.length_bytes);
  }

private:
  static std::vector<small_read> reads_of(const std::string& path,
                                          const std::vector<plan::bundle_run>& runs) {
    std::vector<small_read> out;
    for (const auto& run : runs)
      out.push_back(
          {.path = path, .limit_bytes = run.length_bytes, .offset_bytes = run.offset_bytes});
    return out;
  }

  struct place {
    size_t run = 0;
    uint64_t offset_bytes = 0; ///< of the run
  };

  std::vector<plan::bundle_member> members_;
  std::vector<place> run_of_ = {}; ///< of each member
  small_files parts_;
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
                                                    std::vector<plan::bundle_member> all) {
  const auto features = from.features();
  const auto whole = all.back().offset_bytes + all.back().length_bytes;
  const auto runs =
      plan::runs_of(all, features.read_over_bytes, features.reads_ahead ? run_limit_bytes : whole);
  if (runs.size() == 1 && !features.reads_ahead)
    return std::make_shared<one_run>(from, std::move(path), std::move(all));
  return std::make_shared<many_runs>(from, path, std::move(all), runs);
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
    std::vector<plan::bundle_member> members;
    for (const auto* file : batch.files)
      members.push_back({file->bundle_offset_bytes, file->stored_bytes()});
    return read_members_together(from, format::stored_file_path(stanza, of, *batch.files.front()),
                                 std::move(members));
  }
  return nullptr;
}

} // namespace pgbraid
