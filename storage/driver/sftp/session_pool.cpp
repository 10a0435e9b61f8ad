// Growing, and replacing what broke.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/session_pool.hpp"

#include "engine/base/log.hpp"
#include "engine/base/stop_signal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbraid::sftp {

namespace {

using std::chrono::milliseconds;

/// Longer each time, so that nobody is flooded.
constexpr back_off pauses{milliseconds(100), back_off::growth::doubling, milliseconds(5000)};

/// One break is none of the server's doing, so that the first further try comes at once.
retry_policy policy_of(const pool_settings& with) {
  auto patient = pauses;
  patient.at_once = 1;
  return {.limit = with.limit,
          .limit_from_failure = true,
          .pauses = patient,
          .late = late_pause::whole};
}

} // namespace

session_pool::session_pool(std::shared_ptr<connection> first, opener open, pool_settings with)
    : with_(std::move(with)), open_(std::move(open)),
      spare_(with_.spare_bytes / piece_bytes), all_{std::move(first)} {
  // Nobody waits for it now.
  if (const auto& on = all_.front(); on->offers(limits_extension))
    if (auto asked = on->send(packet_kind::extended, fields().text(limits_extension)))
      asks_limits_ = {on, *asked};
  const std::lock_guard held(mutex_);
  if (with_.eager)
    grow();
}

session_pool::~session_pool() {
  if (asks_limits_)
    asks_limits_->on->forget(asks_limits_->number);
  for (auto& one : growth_)
    one.join();
}

size_t session_pool::handles_each() {
  const std::lock_guard held(limits_);
  if (handles_each_ != 0)
    return handles_each_;
  std::optional<uint64_t> granted;
  if (const auto asked = std::exchange(asks_limits_, {}))
    granted = handles_granted(*asked);
  return handles_each_ = handles_for(with_.workers, granted);
}

void session_pool::drop_broken() {
  std::erase_if(all_, [this](const auto& one) {
    const auto why = one->failure();
    if (why)
      last_break_ = untold_break_ = why;
    return why.has_value();
  });
}

std::shared_ptr<connection> session_pool::least_loaded() {
  drop_broken();
  const auto found =
      std::ranges::min_element(all_, {}, [](const auto& one) { return one->load(); });
  return found == all_.end() ? nullptr : *found;
}

std::shared_ptr<connection> session_pool::live() {
  const std::lock_guard held(mutex_);
  return least_loaded();
}

std::vector<std::shared_ptr<connection>> session_pool::all_live() {
  const std::lock_guard held(mutex_);
  drop_broken();
  return all_;
}

bool session_pool::offers(std::string_view extension) {
  const auto one = live();
  return one && one->offers(extension);
}

result<std::shared_ptr<connection>> session_pool::session(clock::time_point until) {
  std::shared_ptr<connection> one;
  std::optional<error> broke;
  {
    const std::lock_guard held(mutex_);
    one = least_loaded();
    if (one) {
      grow_if_full();
      broke = std::exchange(untold_break_, {});
    }
  }
  // Also when others were there, or one that was just being made: users want to know of every
  // break.
  if (broke)
    log::warn("SFTP session with '{}' broke, its work goes on over another one: {}", with_.host,
              broke->message);
  return one ? result<std::shared_ptr<connection>>(std::move(one)) : replace(until);
}

void session_pool::grow_if_full() {
  if (growing_ == 0 && !grew_ill_ && all_.size() < with_.sessions_max &&
      std::ranges::all_of(all_, [](const auto& one) { return one->was_full(); }))
    grow();
}

/// Up to the limit.
void session_pool::grow() {
  constexpr milliseconds patience(5000); // the destructor may have to wait so long
  for (auto& ended : growth_)
    ended.join();
  growth_.clear();
  const auto until = clock::now() + std::min(with_.limit, patience);
  for (; all_.size() + growing_ < with_.sessions_max; ++growing_)
    growth_.emplace_back([this, until] { log_in(until); });
}

void session_pool::log_in(clock::time_point until) {
  auto made = open_(until);
  const std::lock_guard held(mutex_);
  --growing_;
  if (!made && !std::exchange(grew_ill_, true))
    log::detail("no further SFTP session with '{}': {}", with_.host, made.failure().message);
  if (!made)
    return;
  all_.push_back(std::move(*made));
  if (growing_ == 0)
    log::detail("{} SFTP sessions with '{}'", all_.size(), with_.host);
}

/// Only one logs in; the others find what it made.
result<std::shared_ptr<connection>> session_pool::replace(clock::time_point until) {
  const std::lock_guard one_at_a_time(opening_);
  if (auto one = live())
    return one;
  if (gave_up_) // everybody else waited as long for it
    return *gave_up_;
  auto why = why_none();
  const auto broke = why.message;
  const auto limit = std::chrono::ceil<milliseconds>(until - clock::now());
  retry tries({.limit = limit, .pauses = pauses});
  for (bool more = clock::now() < until && stop_signal == 0; more; more = tries.again()) {
    auto made = open_(until);
    if (made) {
      log::warn("SFTP session with '{}' broke, its work goes on over a new one: {}", with_.host,
                broke);
      const std::lock_guard held(mutex_);
      untold_break_.reset();
      all_.push_back(*made);
      grew_ill_ = false; // the server may be another one by now
      return made;
    }
    why = made.failure();
    why.hint = fmt::format("The SFTP session before it broke: {}", broke);
    log::detail("no new SFTP session with '{}': {}", with_.host, why.message);
  }
  why.transient = false; // it was tried for long enough
  gave_up_ = why;
  return why;
}

error session_pool::why_none() {
  const std::lock_guard held(mutex_);
  return last_break_.value_or(
      error{errc::protocol, fmt::format("no SFTP session with '{}'", with_.host)});
}

size_t sessions_for(size_t workers, std::chrono::microseconds round_trip) {
  constexpr std::chrono::milliseconds near(4);
  if (round_trip <= near || workers <= 1)
    return std::min(workers, sessions_most);
  return std::min(workers * 3, sessions_most);
}

size_t handles_for(size_t workers, std::optional<uint64_t> of_session) {
  constexpr uint64_t otherwise = 64;
  if (!of_session)
    return otherwise;
  return static_cast<size_t>(
      std::clamp<uint64_t>(*of_session / 4 * 3 / std::max<size_t>(workers, 1), 8, 384));
}

session_retry::session_retry(session_pool& pool)
    : pool_(pool), tries_(policy_of(pool.settings())) {}

result<std::shared_ptr<connection>> session_retry::session() {
  if (again())
    tries_.pause(); // a stop ends it; the pool knows what to do then
  return pool_.session(tries_.until());
}

bool session_retry::worth_another(const connection& used) {
  return used.broke() && tries_.may_go_on();
}

} // namespace pgbraid::sftp
