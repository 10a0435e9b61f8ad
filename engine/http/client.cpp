// The thread that libcurl's transfers run in.
// SPDX-License-Identifier: MIT
#include "engine/http/client.hpp"

#include "engine/base/log.hpp"
#include "engine/http/exchange_state.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <thread>

namespace pgbraid::http {

namespace {

using state_ptr = std::shared_ptr<exchange_state>;

/// As often as limits are looked at.
constexpr int look_every_ms = 100;

/// Once in a process, before there are other threads of libcurl.
void begin_library() {
  static const auto begun = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(begun);
}

} // namespace

/// What callers and the thread share; it stays as long as anybody knows a request.
struct client_core {
  explicit client_core(const client_settings& how) : settings(how) {}

  const client_settings settings;
  std::mutex mutex; ///< guards what follows
  std::deque<state_ptr> waiting;
  bool stopping = false;
  CURLM* multi = nullptr; ///< null once the thread has ended

  // Of the thread alone:
  std::vector<state_ptr> active;
  std::vector<CURL*> idle;

  void wake() {
    const std::lock_guard held(mutex);
    if (multi != nullptr)
      curl_multi_wakeup(multi);
  }
  void run();
  bool begin_waiting();
  void begin(const state_ptr& one);
  void end(size_t index, CURLcode outcome);
  void end_finished();
  void end_late();
  void end_all();
  std::jthread thread;
};

void client_core::begin(const state_ptr& one) {
  if (idle.empty()) {
    one->on = curl_easy_init();
  } else {
    one->on = idle.back();
    idle.pop_back();
    curl_easy_reset(one->on);
  }
  one->prepare(settings);
  curl_multi_add_handle(multi, one->on);
  active.push_back(one);
}

/// Those that there is room for. False: the client goes.
bool client_core::begin_waiting() {
  const std::lock_guard held(mutex);
  while (!stopping && !waiting.empty() && active.size() < settings.connections) {
    const auto one = std::move(waiting.front());
    waiting.pop_front();
    if (!one->forgotten)
      begin(one);
  }
  return !stopping;
}

void client_core::end(size_t index, CURLcode outcome) {
  const auto one = active[index];
  active.erase(active.begin() + static_cast<std::ptrdiff_t>(index));
  curl_multi_remove_handle(multi, one->on);
  one->conclude(outcome, settings);
  idle.push_back(one->on);
  one->on = nullptr;
  {
    const std::lock_guard held(mutex);
    one->ended = true;
  }
  one->changed.notify_all();
}

void client_core::end_finished() {
  int left = 0;
  while (const auto* told = curl_multi_info_read(multi, &left)) {
    if (told->msg != CURLMSG_DONE)
      continue;
    const auto at = std::ranges::find(active, told->easy_handle, &exchange_state::on);
    const auto outcome = told->data.result;
    if (at != active.end())
      end(static_cast<size_t>(at - active.begin()), outcome);
  }
}

void client_core::end_late() {
  const auto now = monotonic::now();
  for (size_t i = active.size(); i-- > 0;)
    if (active[i]->forgotten || active[i]->is_late(now, settings))
      end(i, CURLE_ABORTED_BY_CALLBACK);
}

void client_core::end_all() {
  while (!active.empty())
    end(active.size() - 1, CURLE_ABORTED_BY_CALLBACK);
  for (auto* one : idle)
    curl_easy_cleanup(one);
  std::deque<state_ptr> never;
  CURLM* over = nullptr;
  {
    const std::lock_guard held(mutex);
    std::swap(over, multi);
    never.swap(waiting);
    for (const auto& one : never) {
      one->answer.broken = error{errc::service, "the request was not sent any more"};
      one->ended = true;
      one->changed.notify_all();
    }
  }
  curl_multi_cleanup(over);
}

void client_core::run() {
  int running = 0;
  while (begin_waiting()) {
    curl_multi_perform(multi, &running);
    end_finished();
    end_late();
    const bool more = [&] {
      const std::lock_guard held(mutex);
      return stopping || (!waiting.empty() && active.size() < settings.connections);
    }();
    if (!more)
      curl_multi_poll(multi, nullptr, 0, look_every_ms, nullptr);
  }
  end_all();
}

client::client(const client_settings& how) : core_(std::make_shared<client_core>(how)) {
  begin_library();
  core_->multi = curl_multi_init();
  curl::set(core_->multi, CURLMOPT_MAXCONNECTS, static_cast<long>(how.connections));
  core_->thread = std::jthread([core = core_.get()] { core->run(); });
}

client::~client() {
  {
    const std::lock_guard held(core_->mutex);
    core_->stopping = true;
  }
  core_->wake();
  core_->thread.join();
}

exchange client::send(request what) {
  auto state = std::make_shared<exchange_state>();
  state->mutex = &core_->mutex;
  state->asked = std::move(what);
  {
    const std::lock_guard held(core_->mutex);
    core_->waiting.push_back(state);
  }
  core_->wake();
  return {core_, std::move(state)};
}

void exchange::forget() {
  if (!state_ || state_->ended)
    return;
  state_->forgotten = true;
  core_->wake();
}

exchange::~exchange() {
  forget();
}

exchange& exchange::operator=(exchange&& other) noexcept {
  if (this != &other) {
    forget();
    core_ = std::move(other.core_);
    state_ = std::move(other.state_);
  }
  return *this;
}

bool exchange::has_ended() const {
  return state_->ended;
}

bool exchange::ends_within(std::chrono::milliseconds how_long) {
  std::unique_lock held(core_->mutex);
  return wait_until(state_->changed, held, monotonic::now() + how_long,
                    [this] { return state_->ended.load(); });
}

response exchange::take_some(std::chrono::milliseconds how_long) {
  std::unique_lock held(core_->mutex);
  state_->is_read_meanwhile = true;
  wait_until(state_->changed, held, monotonic::now() + how_long,
             [this] { return state_->ended || !state_->some.empty(); });
  if (state_->some.empty())
    return {};
  auto out = state_->head_of_some;
  out.body = std::move(state_->some.front());
  state_->some.pop_front();
  return out;
}

response exchange::take() {
  std::unique_lock held(core_->mutex);
  // Each comes to its end by the limits that the thread keeps.
  while (!state_->ended)
    wait_until(state_->changed, held, monotonic::now() + core_->settings.limit);
  state_->put_back_some();
  return std::move(state_->answer);
}

} // namespace pgbraid::http
