// The thread's half of a session: bytes in and out of the transport, and how it ends.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"
#include "engine/base/printable.hpp"
#include "engine/link/session.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace pgbraid::link {

namespace {

constexpr size_t arrival_bytes = size_t{256} << 10;
/// Reads and writes in a row before the other direction gets its turn.
constexpr int moves_in_a_row = 8;
/// What a client says before its first frame.
constexpr size_t preface_bytes = 24;
/// What is kept of a beginning that is none.
constexpr size_t opening_bytes = 200;
constexpr auto goodbye_limit = std::chrono::seconds(1);

} // namespace

session::session(side which, std::unique_ptr<net::transport> over, settings with)
    : side_(which), with_(std::move(with)), over_transport_(std::move(over)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), guard_(clock::now()),
      scanner_(which == side::server ? preface_bytes : 0), now_(clock::now()) {}

session::~session() {
  stop();
}

void session::start() {
  // Signals are for the threads of the program. A pipe that nobody reads gives EPIPE here and no
  // SIGPIPE, which stays blocked.
  sigset_t all{};
  sigset_t before{};
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& e) {
    const std::lock_guard held(mutex_);
    failure_ = broken(fmt::format("unable to start a thread: {}", e.what()), errc::runtime);
    over_ = true;
    over_transport_->close();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void session::stop() {
  if (!thread_.joinable())
    return;
  {
    const std::lock_guard held(mutex_);
    stopping_ = true;
    wake();
  }
  thread_.join();
}

void session::run() {
  started_at_ = arrived_at_ = departed_at_ = pinged_at_ = checked_at_ = now_ = clock::now();
  arrival_.resize(arrival_bytes);
  if (!open_h2())
    lose(broken("unable to set up HTTP/2", errc::memory), false);
  while (!done_) {
    if (!turn() && !done_)
      sleep();
  }
  leave();
}

bool session::turn() {
  now_ = clock::now();
  look_at_touched();
  const bool sent = !done_ && send();
  const bool received = !done_ && receive();
  if (!done_ && h2_has_ended())
    lose_over_protocol();
  if (!done_)
    check_time();
  bool news = false;
  {
    const std::lock_guard held(mutex_);
    news = std::exchange(news_, false);
  }
  if (news)
    tell_news();
  return sent || received;
}

void session::look_at_touched() {
  const std::lock_guard held(mutex_);
  follow_stop();
  const auto touched = std::exchange(touched_, {});
  for (const auto number : touched) {
    const auto found = streams_.find(number);
    if (found == streams_.end())
      continue;
    found->second->touched = false;
    apply(*found->second);
    if (found->second->closed && found->second->released)
      erase(*found->second);
  }
  apply_link();
}

bool session::send() {
  bool moved = false;
  for (int i = 0; i < moves_in_a_row; ++i) {
    if (pending_.empty() && !refill())
      return moved;
    const auto put = over_transport_->write(pending_);
    if (!put) {
      // What it said before it stopped to listen may be why.
      receive();
      lose(put.failure(), true);
      return moved;
    }
    write_waits_ = put->waits_for;
    if (put->bytes == 0)
      return moved;
    pending_ = pending_.subspan(put->bytes);
    departed_at_ = now_;
    moved = true;
  }
  return moved;
}

bool session::receive() {
  bool moved = false;
  for (int i = 0; i < moves_in_a_row; ++i) {
    const auto got = over_transport_->read(arrival_);
    if (!got) {
      lose(got.failure(), true);
      return moved;
    }
    if (got->closed) {
      lose(said_goodbye_ || may_leave() ? std::nullopt : std::optional(closed_early()), true);
      return moved;
    }
    read_waits_ = got->waits_for;
    if (got->bytes == 0)
      return moved;
    arrived_at_ = now_;
    moved = true;
    if (!settings_came_ && opening_.size() < opening_bytes)
      opening_ += as_text(byte_view(arrival_).first(std::min(got->bytes, opening_bytes)));
    if (!feed(byte_view(arrival_).first(got->bytes))) {
      lose_over_protocol();
      return moved;
    }
  }
  return moved;
}

/// Whether the other end may go without a word: it was told goodbye, and nobody waits for it. What
/// it said last can be lost when it closes before it has heard everything.
bool session::may_leave() const {
  const std::lock_guard held(mutex_);
  return goaway_sent_ && streams_open_ == 0;
}

/// HTTP/2 has come to an end: ours, a goodbye (after one of ours no requests are left), or the
/// other end broke its rules.
void session::lose_over_protocol() {
  const bool goodbye = said_goodbye_ || (goaway_sent_ && complaint_.empty());
  if (terminated_ || (goodbye && side_ == side::server && !flooded_))
    return lose({}, false);
  end_h2();
  if (send(); done_)
    return;
  if (flooded_)
    return lose(broken("the other host sent too many frames that move nothing"), false);
  if (said_goodbye_)
    return lose(broken("the other host takes no more requests"), false);
  lose(broken_rules(), false);
}

error session::broken_rules() const {
  return beginning_is_none()
             ? no_beginning()
             : broken(complaint_.empty()
                          ? "the other host broke the rules of HTTP/2"
                          : "the other host broke the rules of HTTP/2: " + complaint_);
}

error session::closed_early() const {
  return beginning_is_none() ? no_beginning() : broken("the other host closed the connection");
}

/// What came says more than what HTTP/2 thinks of it.
error session::no_beginning() const {
  constexpr size_t shown_bytes = 300;
  auto shown = opening_.substr(0, opening_bytes);
  while (!shown.empty() && (shown.back() == '\n' || shown.back() == '\r'))
    shown.pop_back();
  auto why = broken(fmt::format("the other host printed '{}' where the protocol should begin",
                                printable(shown).substr(0, shown_bytes)));
  if (with_.kind == "ssh")
    why.hint = fmt::format(
        "A login script, or a program in its place, prints to standard output there (.bashrc, "
        ".profile, ForceCommand): it must not when nobody is at a terminal.\n"
        "Try: ssh USER@{} true. It must print nothing.",
        with_.host);
  return why;
}

void session::lose(std::optional<error> why, bool gone) {
  if (done_)
    return;
  done_ = true;
  if (gone && why) {
    auto known = over_transport_->farewell();
    // What it printed says more than how it ended, whichever of both was seen first.
    if (known && beginning_is_none()) {
      why = no_beginning();
      why->message += "; " + known->message;
    } else if (known) {
      why = std::move(known);
    }
    why->transient = true; // a new connection may live
  }
  const std::lock_guard held(mutex_);
  if (!failure_)
    failure_ = std::move(why);
}

void session::leave() {
  over_transport_->close();
  {
    const std::lock_guard held(mutex_);
    over_ = true;
    touched_.clear();
    const auto why = failure_.value_or(broken("the connection has ended"));
    for (auto at = streams_.begin(); at != streams_.end();) {
      auto& s = *(at++)->second;
      if (!s.failed && !answered(s))
        s.failed = why;
      if (!std::exchange(s.closed, true))
        --streams_open_;
      s.changed.notify_all();
      if (s.released)
        erase(s);
    }
    h2_.reset();
    session_changed();
  }
  tell_news();
}

void session::follow_stop() {
  if (!stopping_ || stop_by_)
    return;
  stop_by_ = now_ + goodbye_limit;
  for (auto& [number, s] : streams_)
    if (!s->closed && !answered(*s) && !(side_ == side::server && s->out_ended))
      fail_stream(*s, broken("the connection is closed"));
}

/// Whether its caller can read the whole answer, whatever comes.
bool session::answered(const stream& which) const {
  return side_ == side::client && which.input_ended;
}

bool session::answers_unsent() const {
  return side_ == side::server &&
         std::any_of(streams_.begin(), streams_.end(), [](const auto& entry) {
           return entry.second->out_ended && !entry.second->closed && !entry.second->failed;
         });
}

std::chrono::milliseconds session::tick() const {
  using std::chrono::milliseconds;
  const auto shortest = std::min(with_.ping_every, with_.silence_limit) / 4;
  const auto most = stop_by_ ? milliseconds(20) : milliseconds(1000);
  return std::clamp(shortest, milliseconds(1), most);
}

void session::check_time() {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  if (now_ - checked_at_ < tick())
    return;
  checked_at_ = now_;
  if (stop_by_ && now_ > *stop_by_ + goodbye_limit)
    return lose({}, false);
  const auto limit_ms = with_.silence_limit.count();
  if (now_ - arrived_at_ > with_.silence_limit)
    return lose(broken(fmt::format("nothing came from the other host for {} ms", limit_ms)), true);
  if (!settings_came_ && now_ - started_at_ > with_.silence_limit)
    return lose(
        broken(fmt::format("the other host did not begin to speak HTTP/2 within {} ms", limit_ms)),
        true);
  if (!pending_.empty() && now_ - departed_at_ > with_.silence_limit)
    return lose(broken(fmt::format("the other host took nothing for {} ms", limit_ms)), true);
  check_streams();
}

/// Of streams without a caller nobody else keeps the time.
void session::check_streams() {
  const std::lock_guard held(mutex_);
  for (auto& [number, s] : streams_)
    if (s->released && !s->failed && now_ - s->moved_at > s->limit)
      fail_stream(*s, too_late(*s));
}

void session::sleep() {
  {
    const std::lock_guard held(mutex_);
    // Word that was left while this thread was awake woke nobody.
    if (!touched_.empty() || (stopping_ && !stop_by_) || (refuse_more_ && !goaway_sent_) ||
        link_credit_bytes_ >= link_credit_step())
      return;
    sleeping_ = true;
  }
  const auto waits = [this](net::readiness what) {
    return read_waits_ == what || (!pending_.empty() && write_waits_ == what);
  };
  std::array<pollfd, 3> on = {
      pollfd{.fd = wake_fd_.get(), .events = POLLIN, .revents = 0},
      pollfd{.fd = over_transport_->read_fd(), .events = POLLIN, .revents = 0},
      pollfd{.fd = over_transport_->write_fd(), .events = POLLOUT, .revents = 0}};
  // A descriptor that nobody waits for stays out: its hang-up would wake us without end.
  if (!waits(net::readiness::readable))
    on[1].fd = -1;
  if (!waits(net::readiness::writable))
    on[2].fd = -1;
  ::poll(on.data(), on.size(), static_cast<int>(tick().count()));
  uint64_t counted = 0;
  if (on[0].revents != 0) [[maybe_unused]]
    const auto got = ::read(wake_fd_.get(), &counted, sizeof(counted));
  const std::lock_guard held(mutex_);
  sleeping_ = false;
}

} // namespace pgbraid::link
