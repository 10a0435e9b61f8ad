// The serving side of a command, started by another host over ssh: requests come in at standard
// input, answers go out at standard output.
// SPDX-License-Identifier: MIT
#include "cli/server/remote_role.hpp"

#include "actors/serve/copy_runner.hpp"
#include "cli/open/workers.hpp"
#include "cli/server/admission.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace pgbraid::cli {

namespace {

/// Moves the transport away from where anybody might print: standard output becomes standard error.
result<std::unique_ptr<net::transport>> take_standard_streams() {
  constexpr int first = STDERR_FILENO + 1;
  const int in = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, first);
  const int out = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, first);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (in < 0 || out < 0 || nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0 ||
      ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
    return system_error(errc::protocol, "unable to take standard input and output", errno);
  ::close(nothing);
  return net::make_fd_transport(in, out);
}

} // namespace

result<int> run_remote_role(const config::options& opts) {
  auto over = take_standard_streams();
  if (!over)
    return over.failure();
  const auto copies = serve::make_copy_runner(workers_of(opts).cores);
  const auto admit_over_ssh = [&](const serve::greeting& greeting) -> result<serve::admission> {
    if (!greeting.args.empty())
      return error{errc::protocol, "arguments come on the command line here"};
    return admit(opts, greeting);
  };
  auto served =
      serve::serve_connection(std::move(*over), serving_settings(opts), admit_over_ssh, *copies);
  if (!served)
    return served.failure();
  return 0;
}

} // namespace pgbraid::cli
