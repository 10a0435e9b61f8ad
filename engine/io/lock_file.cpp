// flock on files whose names all commands of a stanza agree on.
// SPDX-License-Identifier: MIT
#include "engine/io/lock_file.hpp"

#include "engine/base/bytes.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/exit_locks.hpp"
#include "engine/io/trusted_directory.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <iterator>

namespace pgbraid::io {

namespace {

constexpr size_t content_limit_bytes = 4096;
constexpr std::string_view lock_path_role = "lock path";

result<void> make_lock_path(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0750) == 0)
      ::chmod(part.c_str(), 0750); // whatever the umask
    else if (errno != EEXIST)
      return system_error(errc::path_create, "cannot make the lock path '" + part + "'", errno);
    if (end == std::string::npos)
      return success();
  }
}

std::string read_content(int fd) {
  std::string text(content_limit_bytes, '\0');
  const auto got = ::pread(fd, text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

bool write_content(int fd, std::string_view content) {
  // In this order a full disk leaves the old content, which says whose lock it is.
  return ::pwrite(fd, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()) &&
         ::ftruncate(fd, static_cast<off_t>(content.size())) == 0;
}

// The process in `"pid":123`, or at the start of the text of old versions.
std::optional<int64_t> holder_pid(std::string_view text) {
  constexpr std::string_view key = "\"pid\":";
  const auto found = text.find(key);
  const auto begin = found == std::string_view::npos ? 0 : found + key.size();
  int64_t pid = 0;
  const auto parsed = std::from_chars(text.data() + begin, text.data() + text.size(), pid);
  return parsed.ec == std::errc() && pid > 0 ? std::optional(pid) : std::nullopt;
}

/// The string at the front of a JSON text without its quotes; `text` goes on behind it.
std::string_view take_string(std::string_view& text) {
  size_t end = 1;
  while (end < text.size() && text[end] != '"')
    end += text[end] == '\\' ? 2 : 1;
  end = std::min(end, text.size());
  const auto found = text.substr(1, end - 1);
  text.remove_prefix(std::min(end + 1, text.size()));
  return found;
}

/// The value of `"execId":"..."`, or the second line of the text of old versions. An id has no
/// character that JSON would write in another way.
std::string_view holder_exec_id(std::string_view text) {
  if (!text.starts_with('{')) {
    const auto line = text.find('\n');
    if (line == std::string_view::npos)
      return {};
    text.remove_prefix(line + 1);
    return text.substr(0, text.find('\n'));
  }
  while (text.find('"') != std::string_view::npos) {
    text.remove_prefix(text.find('"'));
    const auto name = take_string(text);
    if (name != "execId" || !text.starts_with(":\""))
      continue;
    text.remove_prefix(1);
    return take_string(text);
  }
  return {};
}

error lock_error(const std::string& path, int error_number, std::string_view content) {
  auto failure = system_error(errc::lock_acquire, "unable to acquire lock on file '" + path + "'",
                              error_number);
  if (error_number == EWOULDBLOCK) {
    const auto pid = holder_pid(content);
    failure.transient = true;
    failure.hint = "Is another command running for this stanza" +
                   (pid ? " (process " + std::to_string(*pid) + ")?" : std::string("?"));
  } else {
    failure.hint = "Does the user running this command have permission on '" + path + "'?";
  }
  return failure;
}

/// Signals wait while a lock is being taken: one that ends the process within `open` would leave a
/// file that nobody remembers.
class signals_wait {
public:
  signals_wait() {
    sigset_t ending;
    sigemptyset(&ending);
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
      sigaddset(&ending, number);
    ::pthread_sigmask(SIG_BLOCK, &ending, &before_);
  }
  ~signals_wait() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_wait(const signals_wait&) = delete;
  signals_wait& operator=(const signals_wait&) = delete;

private:
  sigset_t before_;
};

std::string keyed_path(const std::string& lock_path, std::string_view stanza, std::string_view type,
                       unsigned key) {
  return lock_path + "/" + std::string(stanza) + "-" + std::string(type) + "-" +
         std::to_string(key) + ".lock";
}

} // namespace

std::string make_exec_id() {
  std::array<std::byte, 4> noise = {};
  if (::getrandom(noise.data(), noise.size(), 0) != static_cast<ssize_t>(noise.size())) {
    const auto now = wall_clock::now().time_since_epoch().count();
    for (size_t i = 0; i < noise.size(); ++i)
      noise[i] = static_cast<std::byte>(now >> (8 * i));
  }
  return std::to_string(::getpid()) + "-" + to_hex(noise);
}

result<std::optional<lock_set::held>> lock_set::take(const lock_request& request, std::string path,
                                                     bool shared) {
  constexpr int attempts_limit = 20;
  const signals_wait until_remembered;
  for (int attempt = 0; attempt < attempts_limit; ++attempt) {
    unique_fd file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640));
    if (!file)
      return lock_error(path, errno, {});
    if (::flock(file.get(), (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
      const auto failed = errno;
      const auto content = read_content(file.get());
      if (failed == EWOULDBLOCK && holder_exec_id(content) == request.exec_id)
        return std::optional<held>();
      return lock_error(path, failed, content);
    }
    // Its last holder may have removed it between our open and our flock.
    if (!is_named(file.get(), path.c_str()))
      continue;
    ::fchmod(file.get(), 0640);
    if (!write_content(file.get(), request.content))
      return system_error(errc::file_write, "cannot write the lock file '" + path + "'", errno);
    remember_exit_lock(path, file.get());
    return std::optional(held{std::move(file), std::move(path), shared});
  }
  return lock_error(path, EWOULDBLOCK, {});
}

result<lock_set> lock_set::acquire(const lock_request& request) {
  assert(!request.exec_id.empty());
  if (auto made = make_lock_path(request.lock_path); !made)
    return made.failure();
  // Who owns the directory decides whose locks count: another user could take ours away.
  if (auto fine = check_directory_trust(request.lock_path, lock_path_role, request.also_trusted);
      !fine)
    return fine.failure();
  lock_set all;
  const auto add = [&](std::string path, bool shared) -> result<void> {
    auto one = take(request, std::move(path), shared);
    if (!one)
      return one.failure();
    if (*one)
      all.held_.push_back(std::move(**one));
    return success();
  };
  if (request.exclude_old_versions || request.without_keys)
    if (auto added = add(request.lock_path + "/" + request.stanza + "-" + request.type + ".lock",
                         !request.without_keys);
        !added)
      return added.failure();
  for (const auto key : request.repo_keys)
    if (auto added = add(keyed_path(request.lock_path, request.stanza, request.type, key), false);
        !added)
      return added.failure();
  return all;
}

void lock_set::add(lock_set other) {
  std::move(other.held_.begin(), other.held_.end(), std::back_inserter(held_));
  other.held_.clear();
}

lock_set& lock_set::operator=(lock_set&& other) noexcept {
  if (this != &other) {
    release();
    held_ = std::move(other.held_);
    other.held_.clear();
  }
  return *this;
}

lock_set::~lock_set() {
  release();
}

result<void> lock_set::write(std::string_view content) {
  for (const auto& one : held_)
    if (!write_content(one.file.get(), content))
      return system_error(errc::file_write, "cannot write the lock file '" + one.path + "'", errno);
  return success();
}

result<void> lock_set::check_held() const {
  for (const auto& one : held_)
    if (!is_named(one.file.get(), one.path.c_str()))
      return error{errc::lock_acquire, "lock file '" + one.path + "' was removed or replaced",
                   "Another command may have worked on this stanza at the same time.\n"
                   "Does anything clean up the lock path while commands run?"};
  return success();
}

void lock_set::release() {
  for (auto& one : held_) {
    // A shared file goes with its last holder: only that one can have it alone.
    if (!one.shared || ::flock(one.file.get(), LOCK_EX | LOCK_NB) == 0)
      ::unlink(one.path.c_str());
    forget_exit_lock(one.file.get());
    one.file.reset();
  }
  held_.clear();
}

bool is_locked(const lock_request& request) {
  return std::ranges::any_of(request.repo_keys, [&](unsigned key) {
    const auto held = lock_holder(request.lock_path, request.stanza, request.type, key);
    return held && *held;
  });
}

result<std::optional<std::string>> lock_holder(const std::string& lock_path,
                                               std::string_view stanza, std::string_view type,
                                               unsigned repo_key) {
  const auto path = keyed_path(lock_path, stanza, type, repo_key);
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT)
    return std::optional<std::string>();
  if (!file)
    return system_error(errc::file_open, "cannot open the lock file '" + path + "'", errno);
  if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0)
    return std::optional<std::string>(); // nobody; our own lock ends with the descriptor
  return std::optional(read_content(file.get()));
}

result<void> check_stop_files(const std::string& lock_path, std::string_view stanza,
                              const std::vector<uid_t>& also_trusted) {
  if (auto fine = check_directory_trust(lock_path, lock_path_role, also_trusted); !fine)
    return fine;
  const auto refused = [&](std::string_view whose, const std::string& of) -> result<void> {
    const auto path = lock_path + "/" + std::string(whose) + ".stop";
    struct stat found = {};
    if (::lstat(path.c_str(), &found) != 0)
      return success();
    return error{errc::stop, "stop file exists for " + of,
                 "Work goes on when '" + path + "' is removed."};
  };
  if (auto free = refused(stanza, "stanza " + std::string(stanza)); !free)
    return free;
  return refused("all", "all stanzas");
}

} // namespace pgbraid::io
