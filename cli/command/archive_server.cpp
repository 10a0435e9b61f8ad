// archive-server: archives WAL for those who ask through its socket.
// Source: cli/command/README.md, section 4.5.
// SPDX-License-Identifier: MIT
#include "cli/archiver/archiver_socket.hpp"
#include "cli/archiver/archiver_start.hpp"
#include "cli/command/archiver_work.hpp"
#include "cli/command/commands.hpp"
#include "cli/foreground/archiver_hands.hpp"
#include "cli/frame/answer.hpp"
#include "cli/frame/frame.hpp"
#include "cli/open/hosts.hpp"
#include "cli/open/locks.hpp"
#include "cli/server/archiver_callers.hpp"
#include "cli/server/archiver_restart.hpp"
#include "cli/server/archiver_world.hpp"
#include "cli/server/service_manager.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/exit_children.hpp"
#include "engine/base/log.hpp"
#include "engine/base/side_by_side.hpp"
#include "engine/base/stop_signal.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

namespace pgbraid::cli {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds pause_limit(250);
constexpr milliseconds look_pause(1000);
/// What is begun has so long to come to its end when somebody stops the server.
constexpr milliseconds finishing(10'000);
/// Then it is told to stop, and has so long to remove what it wrote.
constexpr milliseconds last_words(3000);
/// With more memory in use it begins anew: what is kept is not worth so much.
constexpr uint64_t memory_limit_bytes = uint64_t{1} << 30;

/// Not `stop_signal`, which ends what is being stored.
std::atomic<int> end_asked{0};
std::atomic<bool> reload_asked{false};

extern "C" void on_end(int signal_number) {
  end_asked = signal_number;
}

extern "C" void on_reload(int) {
  reload_asked = true;
}

void listen_to_signals() {
  struct sigaction action = {};
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  action.sa_handler = on_end;
  for (const int number : {SIGTERM, SIGINT})
    ::sigaction(number, &action, nullptr);
  action.sa_handler = on_reload;
  ::sigaction(SIGHUP, &action, nullptr);
}

class archive_server {
public:
  archive_server(const config::options& opts, config::options push, given_listener listener,
                 noted_files program, noted_files socket)
      : opts_(opts), listener_(std::move(listener)), program_(std::move(program)),
        socket_(std::move(socket)),
        work_(std::make_shared<archiver_work>(opts, std::move(push), queue_)) {}

  /// Returns whether to begin anew: then the reason was said.
  bool run();

  given_listener& listener() { return listener_; }

private:
  std::optional<std::string> reason_to_begin_anew();
  void close(const std::string& why);
  bool finish(milliseconds limit);

  const config::options& opts_;
  const std::shared_ptr<archiver_queue> queue_ = std::make_shared<archiver_queue>();
  archiver_callers callers_{*queue_};
  given_listener listener_;
  const noted_files program_;
  const noted_files socket_;
  std::shared_ptr<archiver_work> work_;
  monotonic::time_point looked_ = monotonic::now();
};

std::optional<std::string> archive_server::reason_to_begin_anew() {
  if (reload_asked)
    return "it was asked to";
  if (work_->is_outdated())
    return "the configuration has changed";
  if (monotonic::now() - looked_ < look_pause)
    return std::nullopt;
  looked_ = monotonic::now();
  if (auto path = program_.replaced())
    return fmt::format("'{}' was replaced", *path);
  if (resident_bytes() > memory_limit_bytes && !queue_->is_working())
    return fmt::format("more than {} MiB of memory are in use", memory_limit_bytes >> 20);
  if (auto path = socket_.removed(); path || (path = socket_.replaced())) {
    listener_ = {}; // Nobody finds it.
    return fmt::format("its socket '{}' was removed", *path);
  }
  return std::nullopt;
}

/// What is begun comes to its end. Returns whether it did.
bool archive_server::finish(milliseconds limit) {
  const auto until = monotonic::now() + limit;
  while ((queue_->is_working() || !callers_.all_told()) && monotonic::now() < until)
    callers_.look_after(-1, pause_limit / 10);
  return !queue_->is_working();
}

bool archive_server::run() {
  run_aside([work = work_] { work->run(); });
  std::optional<std::string> anew;
  while (end_asked == 0 && !(anew = reason_to_begin_anew()))
    callers_.look_after(listener_.socket.get(), pause_limit);
  if (anew)
    log::info("begins anew: {}", *anew);
  else
    log::info("terminated on signal {}", end_asked.load());
  queue_->close(anew ? "the archive server begins anew" : "the archive server ends");
  if (!finish(finishing)) {
    log::warn("what was begun is left to others: it took more than {} ms", finishing.count());
    int none = 0;
    stop_signal.compare_exchange_strong(none, SIGTERM);
    finish(last_words);
  }
  return anew.has_value();
}

result<io::lock_set> lock_server(const config::options& push) {
  auto request = lock_request_of(push, "archive-server");
  request.repo_keys.clear();
  request.without_keys = true;
  return io::lock_set::acquire(request);
}

noted_files running_files(const config::options& opts) {
  noted_files out;
  for (const auto& path : program_files(opts.program()))
    out.add(path);
  return out;
}

result<int> serve(const config::options& opts, config::options push) {
  auto program = running_files(opts);
  auto lock = lock_server(push);
  if (!lock)
    return lock.failure();
  const auto place = archiver_place_of(push);
  auto listener = find_listener(place);
  if (!listener)
    return listener.failure();
  noted_files socket;
  socket.add(place.path);
  const bool own = listener->own;
  const polled_signals polling;
  listen_to_signals();
  archive_server server(opts, std::move(push), std::move(*listener), std::move(program),
                        std::move(socket));
  archiver_has_started(place);
  log::info("listening at '{}'", place.path);
  tell_service_manager("READY=1");
  const bool anew = server.run();
  if (!anew) {
    tell_service_manager("STOPPING=1");
    if (own)
      ::unlink(place.path.c_str());
    return 0;
  }
  tell_reloading();
  leave_hosts();
  end_exit_children();
  lock->release();
  return begin_anew(opts, std::move(server.listener()));
}

} // namespace

result<int> run_archive_server(const config::options& opts) {
  const auto& words = opts.parameters();
  if (words.size() > 1 || (words.size() == 1 && words.front() != "socket"))
    return error{errc::param_invalid, "archive-server knows the word 'socket' and no other"};
  if (!words.empty()) {
    const auto place = archiver_place_of(opts);
    return print_answer(place.path + "\n");
  }
  auto push = push_options_of(opts);
  if (!push)
    return push.failure();
  if (auto prepared = prepare_process(*push); !prepared)
    return prepared.failure();
  return serve(opts, std::move(*push));
}

} // namespace pgbraid::cli
