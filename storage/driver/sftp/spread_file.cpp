// Spreading one file over sessions.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/spread_file.hpp"

#include <algorithm>
#include <utility>

namespace pgbraid::sftp {

namespace {

/// A server reads and writes so much in a row, and a session's thread wakes up once for it.
constexpr size_t run_bytes = size_t{256} << 10;
/// What a further session is worth its requests for.
constexpr uint64_t session_bytes = uint64_t{2} << 20;

} // namespace

spread_file::spread_file(open_handle first, session_pool* pool, further_opening again)
    : pool_(pool), again_(std::move(again)) {
  all_.push_back(std::move(first));
}

/// Every handle has to be known to be closed.
spread_file::~spread_file() {
  for (const auto& one : coming_)
    take(one);
}

bool spread_file::has(const connection& on) const {
  const auto is_it = [&on](const auto& one) { return &one.on() == &on; };
  return std::ranges::any_of(all_, is_it) ||
         std::ranges::any_of(coming_, [&on](const auto& one) { return one.on.get() == &on; });
}

open_handle* spread_file::with_room(size_t bytes) {
  take_what_came();
  if (last_ == nullptr || run_left_bytes_ < bytes || !last_->on().has_room(bytes)) {
    last_ = nullptr;
    size_t least = 0;
    for (auto& one : all_)
      if (one.on().has_room(bytes))
        if (const auto load = one.on().load(); last_ == nullptr || load < least) {
          last_ = &one;
          least = load;
        }
    run_left_bytes_ = std::max(run_bytes, bytes);
  }
  if (last_ != nullptr)
    run_left_bytes_ -= bytes;
  return last_;
}

void spread_file::widen(uint64_t left_bytes) {
  if (pool_ == nullptr || wide_enough_)
    return;
  const auto worth = std::min<uint64_t>(left_bytes / session_bytes, pool_->settings().sessions_max);
  if (all_.size() + coming_.size() >= worth)
    return;
  for (const auto& on : pool_->all_live())
    if (all_.size() + coming_.size() < worth && !has(*on) && on->has_room(piece_bytes))
      open_in(on);
}

/// What fails here is not missed: others carry the file.
void spread_file::open_in(const std::shared_ptr<connection>& on) {
  if (auto begun = begin_open(on, again_.full_path, again_.flags))
    coming_.push_back(std::move(*begun));
}

void spread_file::take_what_came() {
  std::erase_if(coming_, [this](const opening& one) {
    if (!one.has_come())
      return false;
    take(one);
    return true;
  });
}

/// Waits for the answers.
void spread_file::take(const opening& one) {
  auto file = end_open(one, again_.full_path);
  if (file && (!again_.like || same_content(*again_.like, file->about)))
    all_.push_back(std::move(file->handle));
  else if (!one.on->broke())
    wide_enough_ = true;
}

void spread_file::narrow() {
  wide_enough_ = true;
  take_what_came();
  last_ = nullptr;
  while (several())
    all_.pop_back();
}

} // namespace pgbraid::sftp
