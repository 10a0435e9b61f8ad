// What background processes have in common.
// SPDX-License-Identifier: MIT
#include "cli/command/background_role.hpp"

#include "cli/open/locks.hpp"
#include "engine/base/log.hpp"
#include "engine/format/spool_status.hpp"
#include "storage/spool/spool_directory.hpp"

namespace pgbraid::cli {

namespace {

void tell_all(const std::string& directory, const error& what) {
  const auto told = [&]() -> result<void> {
    auto spool = spool::spool_directory::make(directory);
    if (!spool)
      return spool.failure();
    return spool->write(format::spool_global_error, format::status_of(what));
  }();
  if (!told)
    log::warn("{}", told.failure().message);
}

} // namespace

result<int> run_in_background(const config::options& opts, const std::string& directory,
                              const std::function<result<void>()>& work) {
  const auto lock = lock_command(opts);
  if (!lock)
    return lock.failure();
  const auto done = work();
  if (done)
    return 0;
  if (done.failure().code != errc::term)
    tell_all(directory, done.failure());
  return done.failure();
}

} // namespace pgbraid::cli
