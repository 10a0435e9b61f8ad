// The socket of the resident archiver.
// SPDX-License-Identifier: MIT
#include "cli/archiver/archiver_socket.hpp"

#include "engine/io/trusted_directory.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace pgbraid::cli {

namespace {

constexpr std::string_view directory_role = "archive-server path";
constexpr mode_t only_owner = S_IRUSR | S_IWUSR;
constexpr mode_t directory_mode = 0750;
/// Callers that were not accepted yet.
constexpr int backlog = 64;

bool is_trusted(uid_t user) {
  return user == ::geteuid() || user == 0;
}

/// Empty where the path is longer than the system takes for sockets.
std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un out = {};
  if (path.size() >= sizeof out.sun_path)
    return std::nullopt;
  out.sun_family = AF_UNIX;
  std::memcpy(out.sun_path, path.c_str(), path.size() + 1);
  return out;
}

const sockaddr* plain(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// Of what is at the path, before anybody connects to it.
result<void> check_file(const std::string& path, const struct stat& found) {
  if (!S_ISSOCK(found.st_mode))
    return error{errc::file_invalid, fmt::format("'{}' is no socket", path)};
  if (!is_trusted(found.st_uid))
    return error{errc::file_owner,
                 fmt::format("'{}' belongs to another user ({})", path, found.st_uid)};
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return error{errc::file_mode, fmt::format("'{}' may be used by others", path)};
  return success();
}

io::unique_fd new_socket() {
  return io::unique_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// A socket that nobody listens at any more.
result<void> clear_path(const std::string& path) {
  struct stat found = {};
  if (::lstat(path.c_str(), &found) != 0)
    return success();
  if (!S_ISSOCK(found.st_mode))
    return error{errc::file_exists, fmt::format("'{}' is there and is no socket", path)};
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return system_error(errc::file_remove, fmt::format("unable to remove '{}'", path), errno);
  return success();
}

} // namespace

bool is_archiver_there(const archiver_place& place) {
  struct stat found = {};
  return ::lstat(place.path.c_str(), &found) == 0;
}

result<io::unique_fd> connect_to_archiver(const archiver_place& place) {
  struct stat found = {};
  const auto address = address_of(place.path);
  if (!address || ::lstat(place.path.c_str(), &found) != 0)
    return io::unique_fd();
  if (auto fine = io::check_directory_trust(place.directory, directory_role, place.also_trusted);
      !fine)
    return fine.failure();
  if (auto fine = check_file(place.path, found); !fine)
    return fine.failure();
  auto socket = new_socket();
  // Where it has no room for one more, it is busy: this one is better done by somebody else.
  if (!socket || ::connect(socket.get(), plain(*address), sizeof *address) != 0)
    return io::unique_fd();
  if (!is_trusted_peer(socket.get()))
    return error{errc::file_owner,
                 fmt::format("another user's process listens at '{}'", place.path)};
  return socket;
}

result<void> have_archiver_directory(const archiver_place& place) {
  if (::mkdir(place.directory.c_str(), directory_mode) != 0 && errno != EEXIST)
    return system_error(errc::path_create, fmt::format("unable to make '{}'", place.directory),
                        errno);
  return io::check_directory_trust(place.directory, directory_role, place.also_trusted);
}

result<io::unique_fd> listen_for_callers(const archiver_place& place) {
  const auto address = address_of(place.path);
  if (!address)
    return error{errc::path_create,
                 fmt::format("'{}' is too long for the path of a socket", place.path),
                 "Set archive-server-path to a directory with a shorter path."};
  if (auto there = have_archiver_directory(place); !there)
    return there.failure();
  if (auto clear = clear_path(place.path); !clear)
    return clear.failure();
  auto socket = new_socket();
  const auto before = ::umask(0777 & ~only_owner);
  const bool bound = socket && ::bind(socket.get(), plain(*address), sizeof *address) == 0;
  const auto why = errno;
  ::umask(before);
  if (!bound || ::listen(socket.get(), backlog) != 0)
    return system_error(errc::file_open, fmt::format("unable to listen at '{}'", place.path),
                        bound ? errno : why);
  return socket;
}

result<void> check_given_socket(int descriptor, const archiver_place& place) {
  const auto refused = [&](std::string_view why) {
    return error{errc::service, fmt::format("the socket that the service manager gave {}", why),
                 fmt::format("It has to listen at '{}'.", place.path)};
  };
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0)
    return refused("does not listen");
  sockaddr_un address = {};
  size = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      address.sun_family != AF_UNIX)
    return refused("is of another kind");
  if (place.path != address.sun_path)
    return refused("is at another path");
  return success();
}

bool is_trusted_peer(int socket) {
  ucred peer = {};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && is_trusted(peer.uid);
}

} // namespace pgbraid::cli
