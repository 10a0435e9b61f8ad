// Another host: as many connections to it as the work needs.
// SPDX-License-Identifier: MIT
#include "engine/link/remote_host.hpp"

#include "engine/base/clock.hpp"

#include <algorithm>
#include <utility>

namespace pgbraid::link {

namespace {

/// Connections besides the main one are numbered 1 to this (option process).
constexpr unsigned numbers = 1024;

/// Those who hold a connection, besides the one reference that we keep.
long users_of(const std::shared_ptr<link::client_link>& link) {
  return link.use_count() - 1;
}

} // namespace

remote_host::remote_host(std::string name, unsigned links_max, connector with)
    : name_(std::move(name)), links_max_(links_max), connect_(std::move(with)) {}

result<std::shared_ptr<remote_host>> remote_host::connect(std::string name, unsigned links_max,
                                                          connector with) {
  auto host =
      std::shared_ptr<remote_host>(new remote_host(std::move(name), links_max, std::move(with)));
  auto main = host->connect_(0);
  if (!main)
    return main.failure();
  host->main_ = std::move(*main);
  return host;
}

void remote_host::leave(std::string_view request, std::chrono::milliseconds limit) {
  // Whatever becomes of it, the connection ends next, and the locks with it.
  if (!main_->failure())
    static_cast<void>(main_->ask(request, "{}", {}, 0, limit));
}

result<std::shared_ptr<link::client_link>> remote_host::data() {
  std::unique_lock lock(mutex_);
  while (true) {
    std::erase_if(data_, [](const auto& link) { return link->failure().has_value(); });
    const auto* least = least_used();
    const bool idle = least != nullptr && users_of(*least) == 0;
    if (idle || (least != nullptr && (connecting_ || data_.size() >= links_max_)))
      return *least;
    if (!connecting_)
      break;
    // Nobody can be of use before the attempt that somebody makes has ended.
    connected_.wait(lock);
  }
  if (const auto* why = unreachable_.now())
    return *why;
  return add_link(lock);
}

const std::shared_ptr<link::client_link>* remote_host::least_used() const {
  std::vector<const std::shared_ptr<link::client_link>*> usable;
  // The main one carries little, so while nobody else reads from it it is as good as another: small
  // commands then need no second connection.
  if (!main_->failure())
    usable.push_back(&main_);
  for (const auto& link : data_)
    usable.push_back(&link);
  const auto least = std::min_element(usable.begin(), usable.end(),
                                      [](auto* a, auto* b) { return users_of(*a) < users_of(*b); });
  return least == usable.end() ? nullptr : *least;
}

result<std::shared_ptr<link::client_link>>
remote_host::add_link(std::unique_lock<std::mutex>& lock) {
  // Without the lock, since it can take as long as a host that is cut off is waited for.
  connecting_ = true;
  const auto number = 1 + made_++ % numbers;
  lock.unlock();
  const auto began = monotonic::now();
  auto made = connect_(number);
  const auto took = monotonic::now() - began;
  lock.lock();
  connecting_ = false;
  connected_.notify_all();
  if (!made) {
    unreachable_.set(made.failure(), took);
    return made.failure();
  }
  data_.push_back(std::move(*made));
  return data_.back();
}

} // namespace pgbraid::link
