// When the foreground starts a background process.
// SPDX-License-Identifier: MIT
#include "cli/spool/background_start.hpp"

#include "engine/base/retry.hpp"

namespace pgbraid::cli {

namespace {

/// What a process needs at most until it holds its locks; each further one is given longer.
constexpr back_off patience{std::chrono::milliseconds(1000), back_off::growth::doubling,
                            std::chrono::milliseconds(16000)};

} // namespace

result<background_start::outcome>
background_start::again(const std::string& parameter,
                        const std::function<result<bool>()>& prepare) {
  if (!is_due())
    return outcome::too_soon;
  auto held = io::lock_set::acquire(settings_.locks);
  if (!held && held.failure().transient)
    return outcome::busy;
  if (!held)
    return held.failure();
  auto needed = prepare();
  if (!needed)
    return needed.failure();
  if (!*needed)
    return outcome::needless;
  held->release(); // The process takes them itself.
  if (auto started = hands_.start(parameter); !started)
    return started.failure();
  next_ = monotonic::now() + patience.before(++starts_);
  return outcome::started;
}

} // namespace pgbraid::cli
