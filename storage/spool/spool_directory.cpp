// One directory of the spool.
// SPDX-License-Identifier: MIT
#include "storage/spool/spool_directory.hpp"

#include "engine/base/path.hpp"
#include "engine/io/temporary_name.hpp"
#include "engine/io/trusted_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

namespace pgbraid::spool {

namespace {

constexpr mode_t path_mode = 0750;
constexpr mode_t file_mode = 0640;
constexpr std::string_view spool_role = "spool path";
/// What a status file takes at least, wherever it is told that there is no room.
constexpr size_t probe_bytes = 4096;

int64_t nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

bool lacks_room(int error_number) {
  return error_number == ENOSPC || error_number == EDQUOT;
}

result<void> make_parents(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto part = path.substr(0, end);
    if (::mkdir(part.c_str(), path_mode) == 0)
      ::chmod(part.c_str(), path_mode); // whatever the umask
    else if (errno != EEXIST)
      return system_error(lacks_room(errno) ? errc::file_write : errc::path_create,
                          "unable to create path '" + part + "'", errno);
    if (end == std::string::npos)
      return success();
  }
}

/// Writes all of it, or says why not.
int write_text(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto done = ::write(fd, text.data(), text.size());
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return errno;
    text.remove_prefix(static_cast<size_t>(done));
  }
  return 0;
}

/// Not earlier than that, on file systems that keep less of a time, too.
void set_time(int fd, int64_t time_ns) {
  constexpr int64_t second_ns = 1'000'000'000;
  const auto set = [&](int64_t to_ns) {
    const std::array<timespec, 2> times{
        timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
        timespec{.tv_sec = to_ns / second_ns, .tv_nsec = to_ns % second_ns}};
    ::futimens(fd, times.data());
  };
  struct stat about = {};
  set(time_ns);
  if (::fstat(fd, &about) == 0 && nanoseconds(about.st_mtim) < time_ns)
    set((time_ns / second_ns + 2) * second_ns);
}

std::string read_text(int fd, size_t limit_bytes) {
  // Mostly there is nothing: no memory for the longest, since each new page of it costs time.
  std::array<char, 1024> part;
  std::string text;
  while (text.size() <= limit_bytes) {
    const auto done = ::read(fd, part.data(), part.size());
    if (done <= 0)
      break;
    text.append(part.data(), static_cast<size_t>(done));
  }
  return text;
}

} // namespace

std::string spool_directory::shown(std::string_view name) const {
  return join_path(path_, name);
}

result<std::optional<spool_directory>> spool_directory::open(const std::string& path) {
  io::unique_fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory && errno == ENOENT)
    return std::optional<spool_directory>();
  if (!directory)
    return system_error(errc::path_open, "unable to open path '" + path + "'", errno);
  if (auto fine = io::check_directory_trust(path, spool_role); !fine)
    return fine.failure();
  return std::optional(spool_directory(std::move(directory), path));
}

result<spool_directory> spool_directory::make(const std::string& path) {
  for (const bool made : {false, true}) {
    auto there = open(path);
    if (!there)
      return there.failure();
    if (*there)
      return std::move(**there);
    if (made)
      break;
    if (auto parents = make_parents(path); !parents)
      return parents.failure();
  }
  return error{errc::path_missing, "path '" + path + "' was removed as soon as it was made"};
}

result<bool> spool_directory::has_room() const {
  const auto name = io::own_temporary_name("room");
  const io::unique_fd file(
      ::openat(directory_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file_mode));
  auto failed = file ? 0 : errno;
  if (file) {
    failed = write_text(file.get(), std::string(probe_bytes, '\n'));
    ::unlinkat(directory_.get(), name.c_str(), 0);
  }
  if (lacks_room(failed))
    return false;
  if (failed == 0)
    return true;
  auto why = system_error(errc::file_write, "unable to write into '" + path_ + "'", failed);
  why.hint = "The background process could not tell there what it has archived.\n"
             "May the user of this command write into the spool path?";
  return why;
}

io::unique_fd spool_directory::open_file(std::string_view name) const {
  return io::unique_fd(::openat(directory_.get(), std::string(name).c_str(),
                                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

result<std::optional<status_file>> spool_directory::status(std::string_view name) const {
  const auto file = open_file(name);
  if (!file && (errno == ENOENT || errno == ELOOP))
    return std::optional<status_file>();
  struct stat about = {};
  if (!file || ::fstat(file.get(), &about) != 0)
    return system_error(errc::file_open, "unable to open '" + shown(name) + "'", errno);
  if (!S_ISREG(about.st_mode))
    return std::optional<status_file>();
  return std::optional(status_file{
      .says =
          format::parse_spool_status(name, read_text(file.get(), format::spool_status_limit_bytes)),
      .changed_ns = nanoseconds(about.st_mtim)});
}

result<std::optional<spooled_segment>> spool_directory::segment(std::string_view name) const {
  auto file = open_file(name);
  if (!file && (errno == ENOENT || errno == ELOOP))
    return std::optional<spooled_segment>();
  struct stat about = {};
  if (!file || ::fstat(file.get(), &about) != 0)
    return system_error(errc::file_open, "unable to open '" + shown(name) + "'", errno);
  if (!S_ISREG(about.st_mode))
    return std::optional<spooled_segment>();
  return std::optional(spooled_segment{.file = std::move(file),
                                       .size_bytes = static_cast<uint64_t>(about.st_size),
                                       .changed_ns = nanoseconds(about.st_ctim)});
}

bool spool_directory::contains(std::string_view name) const {
  struct stat about = {};
  return ::fstatat(directory_.get(), std::string(name).c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0;
}

result<std::vector<std::string>> spool_directory::names() const {
  io::unique_fd own(::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> listed(own ? ::fdopendir(own.get()) : nullptr,
                                                   ::closedir);
  if (!listed)
    return system_error(errc::path_open, "unable to list path '" + path_ + "'", errno);
  own.release();
  std::vector<std::string> out;
  errno = 0;
  while (const auto* one = ::readdir(listed.get()))
    if (const std::string_view name = one->d_name; name != "." && name != "..")
      out.emplace_back(name);
  if (errno != 0)
    return system_error(errc::path_open, "unable to list path '" + path_ + "'", errno);
  return out;
}

result<void> spool_directory::write(std::string_view name, const format::spool_status& status,
                                    std::optional<int64_t> about_ns) const {
  const auto text = format::render(status);
  const auto failed = [&](int error_number) {
    return system_error(errc::file_write, "unable to write '" + shown(name) + "'", error_number);
  };
  const auto temporary = io::own_temporary_name(name);
  const io::unique_fd file(::openat(directory_.get(), temporary.c_str(),
                                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file_mode));
  if (!file)
    return failed(errno);
  ::fchmod(file.get(), file_mode); // whatever the umask
  auto why = write_text(file.get(), text);
  if (about_ns)
    set_time(file.get(), *about_ns);
  if (why == 0 && ::renameat(directory_.get(), temporary.c_str(), directory_.get(),
                             std::string(name).c_str()) != 0)
    why = errno;
  if (why == 0)
    return success();
  ::unlinkat(directory_.get(), temporary.c_str(), 0);
  return failed(why);
}

result<void> spool_directory::remove(std::string_view name) const {
  if (::unlinkat(directory_.get(), std::string(name).c_str(), 0) == 0 || errno == ENOENT ||
      errno == EISDIR)
    return success();
  return system_error(errc::file_remove, "unable to remove '" + shown(name) + "'", errno);
}

result<bool> spool_directory::move_out(std::string_view name, const std::string& to) const {
  if (::renameat(directory_.get(), std::string(name).c_str(), AT_FDCWD, to.c_str()) == 0)
    return true;
  if (errno == EXDEV)
    return false;
  return system_error(errc::file_move, "unable to move '" + shown(name) + "' to '" + to + "'",
                      errno);
}

} // namespace pgbraid::spool
