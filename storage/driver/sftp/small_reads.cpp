// Batches of small files: three round trips for all of them.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/small_reads.hpp"

#include "storage/driver/sftp/read_ahead.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::sftp {

namespace {

/// One file on its way.
class small_file {
public:
  small_file(std::shared_ptr<connection> on, placed_read& what) : on_(std::move(on)), what_(what) {}

  result<void> ask_for_handle() {
    auto begun = begin_open(on_, what_.full_path);
    if (!begun)
      return begun.failure();
    opening_ = std::move(*begun);
    return success();
  }

  /// Takes the handle and begins to read.
  result<void> open() {
    auto file = end_open(opening_, what_.full_path);
    if (!file)
      return file.failure();
    const auto begin = what_.file->offset_bytes;
    const auto whole = file->about.size.value_or(0);
    const auto size = std::min(whole - std::min(whole, begin), what_.file->limit_bytes);
    reader_ = std::make_unique<read_ahead>(std::move(*file), what_.full_path, begin,
                                           begin + what_.file->limit_bytes);
    room_bytes_ = static_cast<size_t>(size);
    return reader_->begin();
  }

  /// Whether it needs no room any more. What fails now fails again when it is read.
  bool ask_on() { return !reader_ || (reader_->begin() && reader_->all_asked()); }

  result<void> read() {
    auto& into = what_.file->content;
    // The file may have grown since it was looked at, but not beyond what is wanted.
    into.resize(std::max<size_t>(room_bytes_, 1));
    size_t got = 0;
    while (true) {
      auto more = reader_->read_some(byte_span(into).subspan(got));
      if (!more)
        return more.failure();
      got += *more;
      if (*more == 0 || got == what_.file->limit_bytes)
        break;
      if (got < into.size())
        continue;
      into.resize(static_cast<size_t>(
          std::min<uint64_t>(what_.file->limit_bytes, uint64_t{into.size()} * 2)));
    }
    into.resize(got);
    reader_.reset();
    return success();
  }

  void fail(error why) {
    what_.file->content.clear();
    what_.file->failure = std::move(why);
    reader_.reset();
  }
  bool failed() const { return what_.file->failure.has_value(); }

private:
  std::shared_ptr<connection> on_;
  placed_read& what_;
  opening opening_;
  size_t room_bytes_ = 0;
  std::unique_ptr<read_ahead> reader_;
};

} // namespace

namespace {

using batch = std::vector<small_file>;

batch make_batch(const std::shared_ptr<connection>& on, std::span<placed_read> files) {
  batch out;
  for (auto& one : files)
    out.emplace_back(on, one);
  return out;
}

void do_all(batch& files, result<void> (small_file::*step)()) {
  for (auto& one : files)
    if (!one.failed())
      if (auto done = (one.*step)(); !done)
        one.fail(done.failure());
}

/// Those behind the one that is read ask for what is left of them as room comes, so that each does
/// not begin to do so when its turn has come.
void read_all(batch& files) {
  size_t waits_for_room = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    waits_for_room = std::max(waits_for_room, i + 1);
    while (waits_for_room < files.size() && files[waits_for_room].ask_on())
      ++waits_for_room;
    if (!files[i].failed())
      if (auto done = files[i].read(); !done)
        files[i].fail(done.failure());
  }
}

} // namespace

void read_small_files(const std::shared_ptr<connection>& on, std::span<placed_read> files,
                      size_t handles) {
  const auto next_batch = [&] {
    const auto count = std::min(std::max<size_t>(handles / 2, 1), files.size());
    auto made = make_batch(on, files.first(count));
    files = files.subspan(count);
    do_all(made, &small_file::ask_for_handle);
    return made;
  };
  // The handles of one batch are on their way while the one before it is read.
  for (auto now = next_batch(); !now.empty();) {
    auto next = next_batch();
    do_all(now, &small_file::open);
    read_all(now);
    now = std::move(next);
  }
}

} // namespace pgbraid::sftp
