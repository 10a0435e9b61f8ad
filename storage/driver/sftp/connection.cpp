// The thread of a session: sending, and sorting what comes back.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/connection.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace pgbraid::sftp {

namespace {

constexpr size_t receive_step_bytes = size_t{128} << 10;
constexpr size_t send_step_bytes = size_t{256} << 10;
constexpr auto look_every = std::chrono::milliseconds(500);
constexpr size_t least_window_bytes = size_t{256} << 10;
/// So many requests without an answer are enough work for one server process.
constexpr size_t load_max = 64;

short events_for(net::readiness what, short otherwise) {
  return what == net::readiness::readable   ? short{POLLIN}
         : what == net::readiness::writable ? short{POLLOUT}
                                            : otherwise;
}

} // namespace

connection::connection(std::unique_ptr<net::transport> over, connection_settings with)
    : with_(std::move(with)), over_(std::move(over)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      window_(std::min(least_window_bytes, with_.window_bytes), with_.window_bytes),
      moved_at_(clock::now()), received_(receive_step_bytes) {}

result<std::shared_ptr<connection>> connection::open(std::unique_ptr<net::transport> over,
                                                     connection_settings with) {
  std::shared_ptr<connection> made(new connection(std::move(over), std::move(with)));
  if (!made->wake_fd_)
    return system_error(errc::kernel, "unable to make an event descriptor", errno);
  made->thread_ = std::thread([raw = made.get()] { raw->run(); });
  if (auto shaken = made->shake_hands(); !shaken)
    return shaken.failure();
  return made;
}

connection::~connection() {
  {
    const std::lock_guard held(mutex_);
    stop_ = true;
    wake();
  }
  if (thread_.joinable())
    thread_.join();
  over_->close();
}

result<void> connection::shake_hands() {
  {
    const std::lock_guard held(mutex_);
    // Its version stands where other packets have their number, and so does that of the answer.
    pending_[protocol_version];
    ++unanswered_;
    enqueue({packet_of(packet_kind::init, protocol_version, {})});
  }
  const auto asked_at = clock::now();
  auto answer = wait(protocol_version);
  if (!answer)
    return answer.failure();
  round_trip_ = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - asked_at);
  if (answer->kind != packet_kind::version)
    return error{errc::protocol, fmt::format("'{}' does not speak SFTP", with_.host)};
  field_reader in(answer->rest);
  while (!in.at_end() && !in.broken()) {
    extensions_.insert(std::string(in.text()));
    in.text();
  }
  const std::lock_guard held(mutex_);
  window_.begin(round_trip_);
  ready_ = true;
  return success();
}

void connection::wake() const {
  if (!asleep_)
    return;
  const uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(wake_fd_.get(), &one, sizeof(one));
}

void connection::enqueue(outgoing packet) {
  out_bytes_ += packet.bytes();
  out_.push_back(std::move(packet));
  wake();
}

error connection::silent() const {
  return {errc::protocol, fmt::format("the SFTP server '{}' did not answer for {} ms", with_.host,
                                      with_.silence_limit.count())};
}

result<uint32_t> connection::send(packet_kind kind, const fields& what, size_t carries_bytes,
                                  shared_bytes behind) {
  std::unique_lock held(mutex_);
  const auto has_room = [this] { return failure_ || out_bytes_ < with_.out_bytes; };
  while (!has_room()) {
    wait_until(changed_, held, moved_at_ + with_.silence_limit);
    if (!has_room() && clock::now() >= moved_at_ + with_.silence_limit)
      return silent();
  }
  if (failure_)
    return *failure_;
  const auto number = next_number_++;
  const auto now = clock::now();
  if (unanswered_ == 0)
    moved_at_ = now;
  ++unanswered_;
  pending_[number] = {.carries_bytes = carries_bytes, .left = window_.leave(now)};
  under_way_bytes_ += carries_bytes;
  auto head = packet_of(kind, number, what, behind ? behind->size() : 0);
  enqueue({std::move(head), std::move(behind)});
  return number;
}

result<reply> connection::wait(uint32_t number) {
  std::unique_lock held(mutex_);
  while (true) {
    const auto found = pending_.find(number);
    assert(found != pending_.end());
    if (found->second.came) {
      auto out = std::move(*found->second.came);
      pending_.erase(found);
      return out;
    }
    if (failure_ || clock::now() >= moved_at_ + with_.silence_limit) {
      found->second.forgotten = true;
      return failure_ ? *failure_ : silent();
    }
    wait_until(changed_, held, moved_at_ + with_.silence_limit);
  }
}

bool connection::has_come(uint32_t number) const {
  const std::lock_guard held(mutex_);
  const auto found = pending_.find(number);
  return failure_ || (found != pending_.end() && found->second.came);
}

void connection::forget(uint32_t number) {
  const std::lock_guard held(mutex_);
  const auto found = pending_.find(number);
  if (found == pending_.end())
    return;
  if (found->second.came || failure_)
    pending_.erase(found);
  else
    found->second.forgotten = true;
}

result<reply> connection::ask(packet_kind kind, const fields& what) {
  auto number = send(kind, what);
  if (!number)
    return number.failure();
  return wait(*number);
}

bool connection::has_room(size_t bytes) {
  const std::lock_guard held(mutex_);
  const bool fits = under_way_bytes_ + bytes <= window_.bytes();
  if (!fits)
    full_at_ = clock::now();
  return fits;
}

bool connection::was_full() const {
  const std::lock_guard held(mutex_);
  return clock::now() - full_at_ < std::chrono::seconds(1) || unanswered_ > load_max;
}

size_t connection::load() const {
  constexpr size_t request_bytes = 4096; // what a small one costs, about
  const std::lock_guard held(mutex_);
  return under_way_bytes_ + unanswered_ * request_bytes;
}

std::optional<error> connection::failure() const {
  const std::lock_guard held(mutex_);
  return failure_;
}

bool connection::broke() const {
  const std::lock_guard held(mutex_);
  return failure_ && broke_;
}

bool connection::stopped() const {
  const std::lock_guard held(mutex_);
  return stop_ || failure_;
}

void connection::lose(error why, bool broke) {
  if (auto last = over_->farewell())
    why = std::move(*last);
  const std::lock_guard held(mutex_);
  if (!failure_) {
    failure_ = std::move(why);
    broke_ = broke && ready_; // who never spoke SFTP will not do so the next time
    failure_->transient = broke_;
  }
  out_.clear();
  changed_.notify_all();
}

void connection::run() {
  while (!stopped()) {
    const bool sent = transmit();
    const bool received = receive();
    if (stopped())
      return;
    keep_alive();
    if (!sent && !received)
      sleep();
  }
}

/// Returns whether anything was sent.
bool connection::transmit() {
  if (sent_ == sending_.size()) {
    sending_.clear();
    sent_ = 0;
    const std::lock_guard held(mutex_);
    const bool was_full = out_bytes_ >= with_.out_bytes;
    while (!out_.empty() && sending_.size() < send_step_bytes) {
      const auto& next = out_.front();
      sending_.insert(sending_.end(), next.head.begin(), next.head.end());
      if (next.behind)
        sending_.insert(sending_.end(), next.behind->begin(), next.behind->end());
      out_bytes_ -= next.bytes();
      out_.pop_front();
    }
    if (was_full)
      changed_.notify_all();
  }
  write_waits_ = net::readiness::none;
  if (sent_ == sending_.size())
    return false;
  auto put = over_->write(byte_view(sending_).subspan(sent_));
  if (!put) {
    lose(put.failure(), true);
    return false;
  }
  sent_ += put->bytes;
  write_waits_ = put->waits_for;
  return put->bytes > 0;
}

/// Returns whether anything came.
bool connection::receive() {
  auto got = over_->read(received_);
  if (!got) {
    lose(got.failure(), true);
    return false;
  }
  if (got->closed) {
    lose({errc::protocol, fmt::format("the SFTP server '{}' closed the connection", with_.host)},
         true);
    return false;
  }
  read_waits_ = got->waits_for;
  if (got->bytes == 0)
    return false;
  in_.insert(in_.end(), received_.begin(), received_.begin() + static_cast<ptrdiff_t>(got->bytes));
  if (auto sorted = sort_out(); !sorted) {
    lose(sorted.failure(), false);
    return false;
  }
  return true;
}

/// Hands out all whole packets.
result<void> connection::sort_out() {
  constexpr size_t head_bytes = 9; // length, kind, number
  size_t at = 0;
  const std::lock_guard held(mutex_);
  moved_at_ = clock::now();
  while (in_.size() - at >= head_bytes) {
    field_reader head(byte_view(in_).subspan(at, 4));
    const size_t length = head.u32();
    if (length < head_bytes - 4 || length > packet_limit_bytes)
      return error{errc::protocol,
                   fmt::format("'{}' sent an SFTP packet of {} bytes", with_.host, length)};
    if (in_.size() - at < 4 + length)
      break;
    const auto packet = byte_view(in_).subspan(at + 4, length);
    field_reader number(packet.subspan(1, 4));
    const auto rest = packet.subspan(5);
    const auto told = number.u32();
    if (!pending_.contains(told))
      return error{errc::protocol,
                   fmt::format("'{}' answered an SFTP request that was not made", with_.host)};
    deliver(told, {static_cast<packet_kind>(packet[0]), {rest.begin(), rest.end()}});
    at += 4 + length;
  }
  in_.erase(in_.begin(), in_.begin() + static_cast<ptrdiff_t>(at));
  if (at > 0)
    changed_.notify_all();
  return success();
}

void connection::deliver(uint32_t number, reply what) {
  auto& at = pending_[number];
  if (at.came) // a second answer to the same number says nothing new
    return;
  --unanswered_;
  under_way_bytes_ -= at.carries_bytes;
  if (at.carries_bytes > 0)
    window_.arrive(at.left, at.carries_bytes, moved_at_, full_at_ >= at.left.at);
  if (at.forgotten)
    pending_.erase(number);
  else
    at.came = std::move(what);
}

void connection::keep_alive() {
  const std::lock_guard held(mutex_);
  const auto now = clock::now();
  if (unanswered_ > 0 || now < moved_at_ + with_.keep_alive || !ready_)
    return;
  moved_at_ = now;
  const auto number = next_number_++;
  pending_[number].forgotten = true;
  ++unanswered_;
  enqueue({packet_of(packet_kind::realpath, number, fields().text("."))});
}

void connection::sleep() {
  bool overdue = false;
  {
    const std::lock_guard held(mutex_);
    if (stop_ || (!out_.empty() && sent_ == sending_.size()))
      return;
    overdue = unanswered_ > 0 && clock::now() >= moved_at_ + with_.silence_limit;
    asleep_ = true;
  }
  if (overdue)
    return lose(silent(), false);
  std::array<pollfd, 3> all = {};
  all[0] = {over_->read_fd(), events_for(read_waits_, POLLIN), 0};
  all[1] = {over_->write_fd(), short{0}, 0};
  if (sent_ < sending_.size())
    all[1].events = events_for(write_waits_, POLLOUT);
  all[2] = {wake_fd_.get(), POLLIN, 0};
  ::poll(all.data(), all.size(), static_cast<int>(look_every.count()));
  {
    const std::lock_guard held(mutex_);
    asleep_ = false;
  }
  uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_fd_.get(), &count, sizeof(count));
}

} // namespace pgbraid::sftp
