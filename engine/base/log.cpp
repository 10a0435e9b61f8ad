// Lines of the log, and where they go.
// SPDX-License-Identifier: MIT
#include "engine/base/log.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/enum_words.hpp"
#include "engine/base/last_line.hpp"
#include "engine/base/log_banner.hpp"
#include "engine/base/log_sink.hpp"
#include "engine/base/printable.hpp"
#include "engine/base/signal_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <utility>

namespace pgbraid::log {

namespace {

/// An output that others share with us.
struct shared_place {
  int fd;
  std::string_view name;
  sink to = {};
  bool told = false; ///< the log file says that it takes no lines any more
};

struct state {
  std::timed_mutex guard = {};
  settings now = {};
  int file = -1;
  shared_place console = {STDOUT_FILENO, "standard output"};
  shared_place err = {STDERR_FILENO, "standard error"};
  sink file_sink = {};
  /// The blank line and the banner come right before the first line of a run.
  bool banner_due = false;
};

state& the() {
  static state one;
  return one;
}

/// The most talkative level of all outputs, so that `enabled` needs no lock.
std::atomic<level> loudest = level::warn;

/// What `last_line` may read while somebody else holds the lock.
struct for_last_line {
  std::atomic<int> file = -1;
  std::atomic<level> up_to = level::off;
  std::atomic<bool> timestamp = true;
  std::atomic<bool> three_digits = false;
  std::atomic<int64_t> zone_s = 0; ///< of the last line with a time
};
for_last_line last;

/// After settings or the file changed.
void update_copies(const state& s) {
  const auto file = s.file < 0 ? level::off : s.now.file;
  loudest = std::max({s.now.console, s.now.to_stderr, file});
  last.file = s.file;
  last.up_to = file;
  last.timestamp = s.now.timestamp;
  last.three_digits = s.now.process_digits > 2;
}

/// The lock, unless somebody in it is held up (by a file on a host that is gone, say): then lines
/// of others are lost for as long. Places that take nothing end their own waits.
std::unique_lock<std::timed_mutex> lock_for_line() {
  constexpr auto longest = std::chrono::seconds(5);
  static std::atomic<bool> held_up = false;
  std::unique_lock lock(the().guard, std::try_to_lock);
  if (!lock && !held_up && !lock.try_lock_for(longest))
    held_up = true;
  if (lock)
    held_up = false;
  return lock;
}

constexpr auto names = words_of<level>("OFF", "ERROR", "WARN", "INFO", "DETAIL", "DEBUG", "TRACE");

std::string_view name_of(level at) {
  return word_for(names, at);
}

std::string time_stamp() {
  const auto now_ms = wall_ms();
  const time_t now_s = now_ms / 1000;
  tm local{};
  localtime_r(&now_s, &local);
  last.zone_s = local.tm_gmtoff;
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03} ", local.tm_year + 1900,
                     local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                     now_ms % 1000);
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

/// The text, after what has to be said about lines before it that were given up.
std::string with_gap(const sink& to, const settings& s, std::string_view text) {
  if (to.lost() == 0)
    return std::string(text);
  return fmt::format("{}{}{} line{} of the log could not be written here\n{}",
                     to.is_torn() ? "\n" : "", line_prefix(s, level::warn, 0), to.lost(),
                     to.lost() == 1 ? "" : "s", text);
}

/// The time stamp without the C library, whose functions for it take locks.
void add_time_stamp(signal_text& to) {
  const auto now_ms = wall_ms();
  const std::chrono::sys_seconds local(std::chrono::seconds(now_ms / 1000 + last.zone_s));
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const auto second = static_cast<uint64_t>((local - day).count());
  to.add(static_cast<uint64_t>(static_cast<int>(date.year())), 4).add("-");
  to.add(static_cast<unsigned>(date.month()), 2).add("-");
  to.add(static_cast<unsigned>(date.day()), 2).add(" ");
  to.add(second / 3600, 2).add(":").add(second / 60 % 60, 2).add(":").add(second % 60, 2);
  to.add(".").add(static_cast<uint64_t>(now_ms % 1000), 3).add(" ");
}

/// Says in the log file, once, that another place takes no lines any more.
bool tell_file(state& s, std::string_view place) {
  if (s.file < 0 || s.now.file < level::warn)
    return false;
  return s.file_sink.put(s.file,
                         laid_out(line_prefix(s.now, level::warn, 0),
                                  fmt::format("nobody reads {}: lines are lost there", place)));
}

void put(state& s, shared_place& place, std::string_view text) {
  place.to.put(place.fd, with_gap(place.to, s.now, text));
  if (place.to.is_stuck() && !place.told)
    place.told = tell_file(s, place.name);
  else if (!place.to.is_stuck())
    place.told = false;
}

void put_banner(state& s) {
  struct stat about = {};
  const bool has_content = ::fstat(s.file, &about) == 0 && about.st_size > 0;
  s.file_sink.put(s.file, fmt::format("{}-------------------PROCESS START-------------------\n",
                                      has_content ? "\n" : ""));
}

void write_locked(state& s, level at, std::string_view message, unsigned process) {
  const auto prefix = line_prefix(s.now, at, process);
  if (s.file >= 0 && at <= s.now.file) {
    if (s.banner_due)
      put_banner(s);
    s.banner_due = false;
    s.file_sink.put(s.file, with_gap(s.file_sink, s.now, laid_out(prefix, message)));
  }
  if (at <= s.now.to_stderr)
    put(s, s.err, laid_out(fmt::format("{}: ", name_of(at)), message));
  else if (at <= s.now.console)
    put(s, s.console, laid_out(prefix, message));
}

} // namespace

void configure(const settings& values) {
  const std::scoped_lock lock(the().guard);
  the().now = values;
  update_copies(the());
}

result<void> open_file(const std::string& path) {
  // Root may log into a directory of another user, whose links must not choose the file; and
  // somebody may have made a pipe of that name, to which nobody listens.
  const int no_links = ::geteuid() == 0 ? O_NOFOLLOW : 0;
  const int fd =
      ::open(path.c_str(),
             O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | no_links, 0640);
  if (fd < 0)
    return system_error(errc::file_open, "unable to open log file '" + path + "'", errno);
  close_file();
  const std::scoped_lock lock(the().guard);
  the().file = fd;
  the().file_sink = {};
  the().banner_due = true;
  update_copies(the());
  return success();
}

void skip_banner() {
  const std::scoped_lock lock(the().guard);
  the().banner_due = false;
}

void close_file() {
  const std::scoped_lock lock(the().guard);
  const int fd = std::exchange(the().file, -1);
  update_copies(the()); // before the number can have a new owner
  if (fd >= 0)
    ::close(fd);
}

bool enabled(level wanted) {
  return wanted != level::off && wanted <= loudest;
}

void write(level at, std::string_view message, unsigned process) {
  if (!enabled(at))
    return;
  const auto lock = lock_for_line();
  if (!lock)
    return;
  const auto dry = the().now.dry_run ? "[DRY-RUN] " : "";
  write_locked(the(), at, fmt::format("{}{}", dry, message), process);
}

void last_line(level at, std::string_view text) {
  const int fd = last.file;
  if (fd < 0 || at == level::off || at > last.up_to)
    return;
  signal_text line;
  if (last.timestamp)
    add_time_stamp(line);
  const auto name = name_of(at);
  line.add(last.three_digits ? "P000 " : "P00 ")
      .add(std::string_view("      ").substr(name.size()));
  line.add(name).add(": ").add(text).add("\n");
  // Nobody is left to be told when this fails.
  [[maybe_unused]] const auto written = ::write(fd, line.view().data(), line.view().size());
}

void failure(const pgbraid::error& what, unsigned process) {
  if (!enabled(level::error))
    return;
  const auto lock = lock_for_line();
  if (!lock)
    return;
  const auto dry = the().now.dry_run ? "[DRY-RUN] " : "";
  const auto text =
      fmt::format("[{:03}]: {}{}", static_cast<unsigned>(what.code), dry, what.text());
  write_locked(the(), level::error, text, process);
}

} // namespace pgbraid::log
