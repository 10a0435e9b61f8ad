// Taking one segment out of the spool.
// SPDX-License-Identifier: MIT
#include "cli/spool/spooled_wal.hpp"

#include "engine/base/bytes.hpp"
#include "engine/base/clock.hpp"
#include "engine/io/temporary_name.hpp"
#include "engine/postgres/wal_header.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <vector>

namespace pgbraid::cli {

namespace {

constexpr uint64_t smallest_bytes = uint64_t{1} << 20;
constexpr uint64_t largest_bytes = uint64_t{1} << 30;
constexpr size_t piece_bytes = size_t{256} << 10;
constexpr mode_t copy_mode = 0640;

/// Writes all of it; errno tells why not.
bool write_piece(int fd, byte_view bytes) {
  while (!bytes.empty()) {
    const auto done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return false;
    bytes = bytes.subspan(static_cast<size_t>(done));
  }
  return true;
}

bool copy_bytes(int from, int to) {
  std::vector<std::byte> piece(piece_bytes);
  if (::lseek(from, 0, SEEK_SET) != 0)
    return false;
  while (true) {
    const auto got = ::read(from, piece.data(), piece.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return got == 0;
    if (!write_piece(to, byte_view(piece).first(static_cast<size_t>(got))))
      return false;
  }
}

result<void> copy_segment(int from, const std::string& destination) {
  const auto temporary = io::own_temporary_name(destination);
  const auto failed = [&] {
    auto why =
        system_error(errc::file_write, fmt::format("unable to write '{}'", destination), errno);
    ::unlink(temporary.c_str());
    return why;
  };
  const io::unique_fd to(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, copy_mode));
  if (!to || !copy_bytes(from, to.get()) || ::rename(temporary.c_str(), destination.c_str()) != 0)
    return failed();
  return success();
}

} // namespace

std::optional<std::string> doubt_about(const spool::spooled_segment& found, const std::string& name,
                                       std::optional<int64_t> booted_ns) {
  // A clock that was set meanwhile costs no more than fetching it once more.
  if (booted_ns && (found.changed_ns < *booted_ns ||
                    found.changed_ns > wall_clock::now().time_since_epoch().count()))
    return "was fetched before the system was started";
  if (!std::has_single_bit(found.size_bytes) || found.size_bytes < smallest_bytes ||
      found.size_bytes > largest_bytes)
    return fmt::format("has {} bytes, which no segment has", found.size_bytes);
  std::array<std::byte, postgres::wal_header_bytes> head{};
  if (::pread(found.file.get(), head.data(), head.size(), 0) != static_cast<ssize_t>(head.size()))
    return "cannot be read";
  const auto header = postgres::parse_wal_header(head);
  // Whoever encrypts WAL within PostgreSQL has headers of their own.
  if (!header)
    return std::nullopt;
  const auto begin = postgres::segment_start(name, header->segment_bytes);
  if (header->segment_bytes == found.size_bytes && begin && *begin == header->page_address)
    return std::nullopt;
  return "is another segment by its header";
}

result<void> take_segment(const spool::spool_directory& from, const spool::spooled_segment& found,
                          const std::string& name, const std::string& destination) {
  auto moved = from.move_out(name, destination);
  if (!moved)
    return moved.failure();
  if (*moved)
    return success();
  if (auto copied = copy_segment(found.file.get(), destination); !copied)
    return copied;
  return from.remove(name);
}

} // namespace pgbraid::cli
