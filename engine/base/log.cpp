// Lines of the log, and where they go.
// SPDX-License-Identifier: MIT
#include "engine/base/log.hpp"

#include "engine/base/printable.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>

namespace pgbraid::log {

namespace {

struct state {
  std::mutex guard = {};
  settings now = {};
  int file = -1;
  /// The blank line and the banner come right before the first line of a run.
  bool banner_due = false;
};

state& the() {
  static state one;
  return one;
}

/// The most talkative level of all outputs, so that `enabled` needs no lock.
std::atomic<level> loudest = level::warn;

void update_loudest(const state& s) {
  const auto file = s.file < 0 ? level::off : s.now.file;
  loudest = std::max({s.now.console, s.now.to_stderr, file});
}

constexpr std::array<std::string_view, 7> names = {"OFF",    "ERROR", "WARN", "INFO",
                                                   "DETAIL", "DEBUG", "TRACE"};

std::string_view name_of(level at) {
  return names[static_cast<size_t>(at)];
}

std::string time_stamp() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm local{};
  localtime_r(&now.tv_sec, &local);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03} ", local.tm_year + 1900,
                     local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                     now.tv_nsec / 1'000'000);
}

std::string line_prefix(const settings& s, level at, unsigned process) {
  return fmt::format("{}P{:0{}} {:>6}: ", s.timestamp ? time_stamp() : "", process,
                     s.process_digits, name_of(at));
}

/// The message after its prefix; further lines start below the end of the prefix.
std::string laid_out(std::string_view prefix, std::string_view message) {
  std::string out(prefix);
  for (const char c : printable(message)) {
    out += c;
    if (c == '\n')
      out.append(prefix.size(), ' ');
  }
  out += '\n';
  return out;
}

/// Nobody can be told when the log itself fails, so what cannot be written is lost.
void put(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

void put_banner(int fd) {
  struct stat about = {};
  if (::fstat(fd, &about) == 0 && about.st_size > 0)
    put(fd, "\n");
  put(fd, "-------------------PROCESS START-------------------\n");
}

void write_locked(state& s, level at, std::string_view message, unsigned process) {
  const auto prefix = line_prefix(s.now, at, process);
  if (at <= s.now.to_stderr)
    put(STDERR_FILENO, laid_out(fmt::format("{}: ", name_of(at)), message));
  else if (at <= s.now.console)
    put(STDOUT_FILENO, laid_out(prefix, message));
  if (s.file < 0 || at > s.now.file)
    return;
  if (s.banner_due)
    put_banner(s.file);
  s.banner_due = false;
  put(s.file, laid_out(prefix, message));
}

} // namespace

void configure(const settings& values) {
  const std::scoped_lock lock(the().guard);
  the().now = values;
  update_loudest(the());
}

result<void> open_file(const std::string& path) {
  // Root may log into a directory of another user, whose links must not choose the file.
  const int no_links = ::geteuid() == 0 ? O_NOFOLLOW : 0;
  const int fd =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | no_links, 0640);
  if (fd < 0)
    return system_error(errc::file_open, "unable to open log file '" + path + "'", errno);
  close_file();
  const std::scoped_lock lock(the().guard);
  the().file = fd;
  the().banner_due = true;
  update_loudest(the());
  return success();
}

void close_file() {
  const std::scoped_lock lock(the().guard);
  if (the().file >= 0)
    ::close(the().file);
  the().file = -1;
  update_loudest(the());
}

bool enabled(level wanted) {
  return wanted != level::off && wanted <= loudest;
}

void write(level at, std::string_view message, unsigned process) {
  if (!enabled(at))
    return;
  const std::scoped_lock lock(the().guard);
  const auto dry = the().now.dry_run ? "[DRY-RUN] " : "";
  write_locked(the(), at, fmt::format("{}{}", dry, message), process);
}

void failure(const pgbraid::error& what, unsigned process) {
  if (!enabled(level::error))
    return;
  const std::scoped_lock lock(the().guard);
  const auto dry = the().now.dry_run ? "[DRY-RUN] " : "";
  const auto text =
      fmt::format("[{:03}]: {}{}", static_cast<unsigned>(what.code), dry, what.text());
  write_locked(the(), level::error, text, process);
}

} // namespace pgbraid::log
