// Buffered reading, and reading ahead around the page cache for what is not in it.
// SPDX-License-Identifier: MIT
#include "engine/io/file_reader.hpp"

#include "engine/io/file_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>

namespace pgbraid::io {

namespace {

constexpr uint64_t direct_unit_bytes = 4096;

class file_reader final : public reader {
public:
  file_reader(unique_fd file, std::string shown, const file_read_options& options,
              uint64_t size_bytes)
      : file_(std::move(file)), shown_(std::move(shown)), engine_(options.engine),
        position_bytes_(options.offset_bytes) {
    const auto most = std::numeric_limits<int64_t>::max() - options.offset_bytes;
    end_bytes_ =
        options.offset_bytes + std::min<uint64_t>(options.limit_bytes.value_or(most), most);
    expected_end_bytes_ = std::min(end_bytes_, size_bytes);
  }
  ~file_reader() override { wait_for_all(); }

  result<size_t> read(byte_span out) override;
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override;

private:
  /// One block being read ahead.
  struct block {
    io_slab slab;
    io_operation operation;
    uint64_t begin_bytes = 0;
    bool asked = false;
  };

  void choose();
  bool cold();
  void start_direct();
  void ask(block& into);
  void leave_direct();
  void wait_for_all();
  result<size_t> read_direct(byte_span out);
  result<size_t> read_aligned(byte_span out, uint64_t offset_bytes);

  unique_fd file_;
  std::string shown_;
  io_engine* engine_;
  uint64_t position_bytes_;
  uint64_t end_bytes_ = 0;          ///< where the caller's limit is
  uint64_t expected_end_bytes_ = 0; ///< where the file ended when it was opened
  bool chosen_ = false;
  bool direct_ = false;
  uint64_t next_bytes_ = 0; ///< where the next block begins
  std::array<block, 2> blocks_;
  size_t front_ = 0;
};

result<size_t> file_reader::read(byte_span out) {
  if (!chosen_)
    choose();
  out =
      out.first(static_cast<size_t>(std::min<uint64_t>(out.size(), end_bytes_ - position_bytes_)));
  size_t filled = 0;
  while (direct_ && filled < out.size()) {
    auto got = read_direct(out.subspan(filled));
    if (!got)
      return got;
    filled += *got;
    position_bytes_ += *got;
  }
  auto got = read_fully(file_.get(), out.subspan(filled), position_bytes_, shown_);
  if (!got)
    return got;
  position_bytes_ += *got;
  return filled + *got;
}

// Small files, and those in the page cache, are cheapest to read plainly.
void file_reader::choose() {
  chosen_ = true;
  constexpr uint64_t large_bytes = 1024 * 1024;
  if (expected_end_bytes_ <= position_bytes_ ||
      expected_end_bytes_ - position_bytes_ <= large_bytes)
    return;
  if (engine_ != nullptr && cold())
    start_direct();
  if (!direct_)
    ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

bool file_reader::cold() {
  std::array<std::byte, direct_unit_bytes> probe;
  iovec part = {probe.data(), probe.size()};
  return ::preadv2(file_.get(), &part, 1, static_cast<off_t>(position_bytes_), RWF_NOWAIT) < 0 &&
         errno == EAGAIN;
}

// ---- around the page cache

void file_reader::start_direct() {
  struct stat found = {};
  if (::fstat(file_.get(), &found) != 0 || engine_->refuses_direct(found.st_dev))
    return;
  for (auto& one : blocks_)
    one.slab = engine_->take_read_slab();
  const auto flags = ::fcntl(file_.get(), F_GETFL);
  const bool slabs = std::all_of(blocks_.begin(), blocks_.end(),
                                 [](const block& one) { return static_cast<bool>(one.slab); });
  if (!slabs || flags < 0 || ::fcntl(file_.get(), F_SETFL, (flags | O_DIRECT) & ~O_NONBLOCK) != 0) {
    leave_direct();
    return;
  }
  direct_ = true;
  next_bytes_ = position_bytes_ / direct_unit_bytes * direct_unit_bytes;
  for (auto& one : blocks_)
    ask(one);
}

void file_reader::ask(block& into) {
  into.asked = next_bytes_ < expected_end_bytes_;
  if (!into.asked)
    return;
  const auto left = (expected_end_bytes_ - next_bytes_ + direct_unit_bytes - 1) /
                    direct_unit_bytes * direct_unit_bytes;
  into.begin_bytes = next_bytes_;
  into.operation = {.verb = io_verb::read,
                    .fd = file_.get(),
                    .data = into.slab.data(),
                    .length_bytes =
                        static_cast<size_t>(std::min<uint64_t>(into.slab.size_bytes(), left)),
                    .offset_bytes = next_bytes_};
  next_bytes_ += into.operation.length_bytes;
  engine_->submit(into.operation);
}

// Copies out of the front block. Where it is short (the end, a file that shrank, a file system that
// dislikes O_DIRECT) plain reads take over and find out which.
result<size_t> file_reader::read_direct(byte_span out) {
  auto& front = blocks_[front_];
  if (!front.asked) {
    leave_direct();
    return size_t{0};
  }
  engine_->wait_for(front.operation);
  const auto got = front.operation.outcome;
  const auto skip = position_bytes_ - front.begin_bytes;
  if (got < 0 && got != -EINVAL && got != -EOPNOTSUPP && got != -EAGAIN)
    return system_error(errc::file_read, "cannot read '" + shown_ + "'", static_cast<int>(-got));
  if (got <= static_cast<int64_t>(skip)) {
    leave_direct();
    return size_t{0};
  }
  const auto part = std::min<size_t>(out.size(), static_cast<size_t>(got) - skip);
  std::memcpy(out.data(), front.slab.data() + skip, part);
  if (skip + part == front.operation.length_bytes) {
    ask(front);
    front_ = (front_ + 1) % blocks_.size();
  }
  return part;
}

void file_reader::wait_for_all() {
  for (auto& one : blocks_)
    if (one.asked)
      engine_->wait_for(one.operation);
}

void file_reader::leave_direct() {
  wait_for_all();
  direct_ = false;
  if (const auto flags = ::fcntl(file_.get(), F_GETFL); flags >= 0)
    ::fcntl(file_.get(), F_SETFL, flags & ~O_DIRECT);
  for (auto& one : blocks_) {
    one.slab = {};
    one.asked = false;
  }
}

result<size_t> file_reader::read_at(byte_span out, uint64_t offset_bytes) {
  if (offset_bytes > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) - out.size())
    return size_t{0};
  return direct_ ? read_aligned(out, offset_bytes)
                 : read_fully(file_.get(), out, offset_bytes, shown_);
}

// O_DIRECT wants whole units at aligned addresses.
result<size_t> file_reader::read_aligned(byte_span out, uint64_t offset_bytes) {
  const auto skip = static_cast<size_t>(offset_bytes % direct_unit_bytes);
  const auto length =
      (skip + out.size() + direct_unit_bytes - 1) / direct_unit_bytes * direct_unit_bytes;
  const std::unique_ptr<std::byte, decltype(&std::free)> room(
      static_cast<std::byte*>(std::aligned_alloc(direct_unit_bytes, length)), &std::free);
  if (!room)
    return error{errc::memory, "not enough memory to read '" + shown_ + "'"};
  // A direct read that is short ends at the end of the file; asking again from there is an error.
  const auto got =
      ::pread(file_.get(), room.get(), length, static_cast<off_t>(offset_bytes - skip));
  if (got < 0)
    return system_error(errc::file_read, "cannot read '" + shown_ + "'", errno);
  const auto usable = static_cast<size_t>(got) > skip ? static_cast<size_t>(got) - skip : 0;
  const auto part = std::min(out.size(), usable);
  std::memcpy(out.data(), room.get() + skip, part);
  return part;
}

} // namespace

result<std::unique_ptr<reader>> open_file_reader(unique_fd file, std::string shown,
                                                 const file_read_options& options) {
  struct stat found = {};
  if (::fstat(file.get(), &found) != 0)
    return system_error(errc::file_open, "cannot open '" + shown + "' for reading", errno);
  if (!S_ISREG(found.st_mode))
    return error{errc::file_open, "cannot open '" + shown + "' for reading: it is not a file"};
  if (options.offset_bytes > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return error{errc::file_read, "cannot read '" + shown + "': the offset is out of range"};
  return std::unique_ptr<reader>(std::make_unique<file_reader>(
      std::move(file), std::move(shown), options, static_cast<uint64_t>(found.st_size)));
}

} // namespace pgbraid::io
