// The actor system around one job.
// SPDX-License-Identifier: MIT
#include "actors/run/run_job.hpp"

#include "actors/run/supervisor.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/end_at_once.hpp"
#include "engine/base/stop_signal.hpp"

#include <unistd.h>

#include <cassert>
#include <condition_variable>

namespace pgbraid::actors {

namespace {

constexpr auto farewell = std::chrono::seconds(60);

// Never parsed: parse() would read caf-application.ini from the working directory.
struct engine_config : caf::actor_system_config {
  explicit engine_config(size_t threads) {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", threads);
    // Self-messaging workers would keep the supervisor waiting otherwise.
    set("scheduler.max-throughput", size_t{4});
  }
};

/// Ends the process when it is not disarmed in time: waiting for actors has no limit of its own.
class watchdog {
public:
  explicit watchdog(std::chrono::seconds limit) : thread_([this, limit] { watch(limit); }) {}
  ~watchdog() {
    {
      const std::lock_guard lock(mutex_);
      disarmed_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

private:
  void watch(std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    if (wait_until(changed_, lock, monotonic::now() + limit, [this] { return disarmed_; }))
      return;
    // Whoever holds the log's lock may be what did not end.
    constexpr std::string_view text = "[122]: workers did not stop in time";
    end_at_once(
        static_cast<int>(stop_signal != 0 ? errc::term : errc::runtime),
        {STDERR_FILENO, "ERROR: [122]: workers did not stop in time\n", log::level::error, text});
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool disarmed_ = false;
  std::thread thread_;
};

} // namespace

result<void> run_job(graph::job& work, const run_settings& settings) {
  assert(settings.graph.logical.branches == 0); // a task has one end
  // Declared before the system: workers give slabs back while they are destroyed.
  slab_pool pool(settings.graph.workers_max * settings.graph.slabs_per_worker);
  auto run = std::make_shared<run_state>();
  run->work = &work;
  run->graph = &settings.graph.logical;
  run->pool = &pool;
  auto done = std::make_shared<std::promise<result<void>>>();
  auto outcome = done->get_future();

  std::optional<polled_signals> polling;
  if (settings.minds_signals)
    polling.emplace();
  engine_config config(settings.graph.workers_max + 1);
  std::optional<watchdog> guard;
  std::optional<result<void>> answer;
  {
    caf::actor_system system(config);
    system.spawn(supervisor, run,
                 supervisor_settings{settings.graph, settings.fuse, settings.mode, settings.limits},
                 done);
    while (outcome.wait_for(std::chrono::seconds(1)) != std::future_status::ready)
      if (run->stop && !guard)
        guard.emplace(farewell);
    answer = outcome.get();
    run->bell.take_down();
    if (!guard)
      guard.emplace(farewell);
  }
  // A signal that came after the last look must not be lost: look once nobody else can note one.
  polling.reset();
  if (settings.minds_signals && *answer && stop_signal != 0)
    return error{errc::term, "terminated by a signal"};
  return *answer;
}

} // namespace pgbraid::actors
