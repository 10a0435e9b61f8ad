// Batches of small files: plain when cached, many in flight when not.
// SPDX-License-Identifier: MIT
#include "engine/io/small_files.hpp"

#include "engine/io/beneath.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace pgbraid::io {

namespace {

struct opened_file {
  unique_fd fd;
  size_t size_bytes = 0; ///< when it was opened
};

// O_NONBLOCK so that a fifo does not hold up the open.
opened_file open_file(int directory_fd, const char* path) {
  auto file = open_beneath(directory_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  struct stat found = {};
  if (file && ::fstat(file.get(), &found) == 0 && S_ISREG(found.st_mode))
    return {std::move(file), static_cast<size_t>(found.st_size)};
  if (file)
    errno = EINVAL;
  return {};
}

// A read that comes short is the end if that is where the end was; elsewhere it is asked again.
int64_t read_to_end(int fd, byte_span room, size_t size_bytes) {
  size_t filled = 0;
  while (filled < room.size()) {
    const auto got =
        ::pread(fd, room.data() + filled, room.size() - filled, static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -errno;
    if (got == 0)
      break;
    filled += static_cast<size_t>(got);
    if (filled == size_bytes)
      break;
  }
  return static_cast<int64_t>(filled);
}

// Reads one file and tells whether the disk was needed for it.
bool read_and_tell_cold(int directory_fd, small_file& wanted) {
  const auto file = open_file(directory_fd, wanted.path);
  if (!file.fd) {
    wanted.outcome = -errno;
    return false;
  }
  iovec part = {wanted.room.data(), wanted.room.size()};
  const bool cold = ::preadv2(file.fd.get(), &part, 1, 0, RWF_NOWAIT) < 0 && errno == EAGAIN;
  wanted.outcome = read_to_end(file.fd.get(), wanted.room, file.size_bytes);
  return cold;
}

void read_through(io_engine& engine, int directory_fd, std::span<small_file> files) {
  std::vector<io_operation> operations(files.size());
  for (size_t i = 0; i < files.size(); ++i)
    operations[i] = {.verb = io_verb::read_file,
                     .fd = directory_fd,
                     .data = files[i].room.data(),
                     .length_bytes = files[i].room.size(),
                     .path = files[i].path};
  engine.submit(operations);
  for (size_t i = 0; i < files.size(); ++i) {
    engine.wait_for(operations[i]);
    files[i].outcome = operations[i].outcome;
    // Nothing came: an empty file, a special one, or an error. Less came than there is room for:
    // its end, or only what the kernel had at hand. The slow way knows which; callers who know the
    // size leave room for one byte more.
    if (files[i].outcome + 1 < static_cast<int64_t>(files[i].room.size()) || files[i].outcome <= 0)
      files[i].outcome = read_beginning(directory_fd, files[i].path, files[i].room);
  }
}

} // namespace

int64_t read_beginning(int directory_fd, const char* path, byte_span room) {
  const auto file = open_file(directory_fd, path);
  return file.fd ? read_to_end(file.fd.get(), room, file.size_bytes) : -errno;
}

void read_small_files(int directory_fd, std::span<small_file> files, io_engine* engine) {
  if (files.empty())
    return;
  const bool cold = read_and_tell_cold(directory_fd, files.front());
  const auto rest = files.subspan(1);
  if (cold && engine != nullptr && engine->reads_files()) {
    read_through(*engine, directory_fd, rest);
    return;
  }
  for (auto& one : rest)
    one.outcome = read_beginning(directory_fd, one.path, one.room);
}

} // namespace pgbraid::io
