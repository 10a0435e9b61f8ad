// Where a resident archiver gets its socket from, and how it begins anew.
// SPDX-License-Identifier: MIT
#include "cli/server/archiver_restart.hpp"

#include "cli/start/installed_pair.hpp"
#include "engine/config/load.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace pgbraid::cli {

namespace {

/// The first descriptor that is handed over.
constexpr int given_descriptor = 3;
/// Its name where we hand it over to ourselves.
constexpr std::string_view own_name = "pgbraid-own";

std::string variable(const char* name) {
  const char* found = std::getenv(name);
  return found != nullptr ? found : "";
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words)
    out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_with(const config::options& opts, bool socket, bool own) {
  std::vector<std::string> out;
  for (const auto& [name, value] : opts.inputs_of_run().environment)
    if (!name.starts_with("LISTEN_"))
      out.push_back(fmt::format("{}={}", name, value));
  if (!socket)
    return out;
  out.push_back(fmt::format("LISTEN_PID={}", ::getpid()));
  out.push_back("LISTEN_FDS=1");
  if (own)
    out.push_back(fmt::format("LISTEN_FDNAMES={}", own_name));
  return out;
}

} // namespace

result<given_listener> find_listener(const archiver_place& place) {
  const auto process = variable("LISTEN_PID");
  const auto count = variable("LISTEN_FDS");
  const bool own = variable("LISTEN_FDNAMES") == own_name;
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
    ::unsetenv(name);
  if (process != std::to_string(::getpid()) || count.empty() || count == "0") {
    auto made = listen_for_callers(place);
    if (!made)
      return made.failure();
    return given_listener{.socket = std::move(*made), .own = true};
  }
  if (count != "1")
    return error{errc::service,
                 fmt::format("the service manager gave {} sockets instead of one", count)};
  if (auto fits = check_given_socket(given_descriptor, place); !fits)
    return fits.failure();
  if (::fcntl(given_descriptor, F_SETFD, FD_CLOEXEC) != 0 ||
      ::fcntl(given_descriptor, F_SETFL, O_NONBLOCK) != 0)
    return system_error(errc::service, "unable to use the socket of the service manager", errno);
  return given_listener{.socket = io::unique_fd(given_descriptor), .own = own};
}

std::vector<std::string> program_files(const std::string& program) {
  std::vector<std::string> out = {program};
  if (auto full = running_program(); full != program)
    out.push_back(std::move(full));
  return out;
}

error begin_anew(const config::options& opts, given_listener listener) {
  const auto& from = opts.inputs_of_run();
  std::vector<std::string> words = {opts.program()};
  words.insert(words.end(), from.args.begin(), from.args.end());
  const bool keeps = static_cast<bool>(listener.socket);
  auto variables = environment_with(opts, keeps, listener.own);
  if (keeps) {
    const int socket = listener.socket.get();
    const bool handed = socket == given_descriptor
                            ? ::fcntl(socket, F_SETFD, 0) == 0
                            : ::dup2(socket, given_descriptor) == given_descriptor;
    if (!handed)
      return system_error(errc::execute, "unable to hand the socket over", errno);
  }
  ::execve(words.front().c_str(), pointers_to(words).data(), pointers_to(variables).data());
  return system_error(errc::execute, fmt::format("unable to start '{}'", words.front()), errno);
}

} // namespace pgbraid::cli
