// One short file beside the locks.
// SPDX-License-Identifier: MIT
#include "engine/io/label_note.hpp"

#include "engine/io/unique_fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace pgbraid::io {

namespace {

std::string note_path(const std::string& lock_path, std::string_view stanza, unsigned repo_key) {
  return lock_path + "/" + std::string(stanza) + "-backup-" + std::to_string(repo_key) + ".label";
}

} // namespace

// Not synced: after a crash of the machine its age tells that a backup is dead.
result<void> note_label(const std::string& lock_path, std::string_view stanza, unsigned repo_key,
                        std::string_view label) {
  const auto path = note_path(lock_path, stanza, repo_key);
  const unique_fd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (!file ||
      ::write(file.get(), label.data(), label.size()) != static_cast<ssize_t>(label.size()))
    return system_error(errc::file_write, "cannot write '" + path + "'", errno);
  return success();
}

std::string noted_label(const std::string& lock_path, std::string_view stanza, unsigned repo_key) {
  const auto path = note_path(lock_path, stanza, repo_key);
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::array<char, 64> text = {};
  const auto got = file ? ::read(file.get(), text.data(), text.size()) : 0;
  return std::string(text.data(), static_cast<size_t>(std::max<ssize_t>(got, 0)));
}

} // namespace pgbraid::io
