// Pieces on their way to the server, and the end of a file.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/sftp_writer.hpp"

#include "engine/codec/crc32c.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace pgbraid::sftp {

namespace {

constexpr std::string_view fsync = "fsync@openssh.com";
/// A file that is told to be so large, or turns out to be, is worth several sessions.
constexpr uint64_t large_bytes = uint64_t{2} << 20;

} // namespace

void late_openings::add(sftp_writer& one) {
  const std::lock_guard held(mutex_);
  waiting_.push_back(&one);
}

void late_openings::remove(sftp_writer& one) {
  const std::lock_guard held(mutex_);
  std::erase(waiting_, &one);
}

bool late_openings::holds(const sftp_writer& one) {
  const std::lock_guard held(mutex_);
  return std::ranges::find(waiting_, &one) != waiting_.end();
}

void late_openings::move_on() {
  const std::lock_guard held(mutex_);
  std::erase_if(waiting_, [](sftp_writer* other) {
    if (other->is_opening())
      return false;
    // After a break its own thread takes it up again.
    if (auto begun = other->begin_close(); !begun)
      other->interrupted_ = begun.failure();
    return true;
  });
}

sftp_writer::sftp_writer(std::shared_ptr<session_pool> pool, std::shared_ptr<connection> on,
                         open_handle file, write_plan plan)
    : pool_(std::move(pool)), on_(std::move(on)), asked_(on_), plan_(std::move(plan)), made_(true),
      spare_(&pool_->spare()) {
  open(std::move(file));
}

sftp_writer::sftp_writer(std::shared_ptr<session_pool> pool, std::shared_ptr<connection> on,
                         uint32_t opening, std::shared_ptr<late_openings> others, write_plan plan)
    : pool_(std::move(pool)), on_(std::move(on)), asked_(on_), plan_(std::move(plan)),
      opening_(opening), others_(std::move(others)), spare_(&pool_->spare()) {}

sftp_writer::~sftp_writer() {
  if (listed_)
    others_->remove(*this);
  // So that it can be closed; what came of it does not matter any more.
  static_cast<void>(end_opening());
  forget_all();
  if (at_ == stage::done || plan_.temporary.empty())
    return;
  // The next one who lists the directory must not see it any more.
  if (const auto on = pool_->live())
    static_cast<void>(on->ask(packet_kind::remove, fields().text(plan_.temporary)));
}

template <class Step> auto sftp_writer::step_on(Step step) {
  return through_breaks(
      *pool_, [this]() -> const connection& { return asked_->broke() ? *asked_ : *on_; }, step,
      [this](const std::shared_ptr<connection>& on) { return resume(on); });
}

/// A failure stays one, whatever is asked for then.
template <class Outcome> Outcome sftp_writer::ended(Outcome outcome) {
  if (!outcome)
    failure_ = outcome.failure();
  return outcome;
}

// ---- pieces

result<void> sftp_writer::settle(const request& sent) {
  asked_ = sent.on;
  auto got = told(*sent.on, sent.number);
  if (!got)
    return got.failure();
  if (got->code == status_code::ok)
    return success();
  if (at_ == stage::renaming)
    return refused(errc::file_move, "unable to publish", plan_.target, *got);
  auto why = refused(errc::file_write, "unable to write", plan_.target, *got);
  why.hint = hint_of_space();
  return why;
}

/// The protocol has no word for a full disk.
std::string sftp_writer::hint_of_space() const {
  constexpr uint64_t plenty_bytes = uint64_t{64} << 20;
  const auto left = free_bytes_at(*on_, plan_.name());
  if (!left || !*left || **left >= plenty_bytes)
    return {};
  return fmt::format("There are {} bytes free there.", **left);
}

/// The first one that is not acknowledged.
result<void> sftp_writer::settle_piece() {
  assert(pieces_.front().sent.number != 0); // who could not send it has failed
  if (auto settled = settle(std::exchange(pieces_.front().sent, {})); !settled)
    return settled;
  acknowledged_bytes_ += pieces_.front().data->size();
  acknowledged_crc_ = pieces_.front().crc_behind;
  pieces_.pop_front();
  spare_.hold(beyond_own(pieces_.size()));
  return success();
}

/// Waits for pieces of this file until there is room for one more; where it goes.
result<open_handle*> sftp_writer::make_room(size_t bytes) {
  while (true) {
    if (spare_.hold(beyond_own(pieces_.size() + 1))) {
      if (auto* to = file_->with_room(bytes))
        return to;
      const auto told = plan_.options.size_hint_bytes;
      // What has a temporary name is small or WAL: not worth the sessions that it would open.
      if (plan_.temporary.empty() && std::max(told, sent_bytes_) >= large_bytes)
        file_->widen(std::max(told, 2 * sent_bytes_) - sent_bytes_); // at least as much again
      if (pieces_.empty())
        return &file_->first();
    }
    if (auto settled = settle_piece(); !settled)
      return settled.failure();
  }
}

result<void> sftp_writer::send_piece(piece& one, open_handle& to, uint64_t offset) {
  asked_ = to.session();
  auto number = asked_->send(
      packet_kind::write,
      fields().text(to.name()).u64(offset).u32(static_cast<uint32_t>(one.data->size())),
      one.data->size(), one.data);
  if (!number)
    return number.failure();
  one.sent = {asked_, *number};
  return success();
}

void sftp_writer::open(open_handle file) {
  file_.emplace(std::move(file), pool_.get(),
                further_opening{.full_path = plan_.name(), .flags = flag_write});
  made_ = true;
}

result<void> sftp_writer::end_opening() {
  if (!opening_)
    return success();
  status why;
  auto opened = opened_by(on_, *std::exchange(opening_, {}), why);
  if (!opened)
    return opened.failure();
  if (!*opened) // what is not as it mostly is takes the long way
    return create();
  open(std::move(**opened));
  return success();
}

result<void> sftp_writer::create() {
  auto handle = plan_.create(on_);
  if (!handle)
    return handle.failure();
  open(std::move(*handle));
  return success();
}

/// @param all  also what is shorter than a piece
result<void> sftp_writer::send_gathered(bool all) {
  if (auto opened = end_opening(); !opened)
    return opened;
  size_t taken = 0;
  result<void> outcome = success();
  while (outcome &&
         (gathered_.size() - taken >= piece_bytes || (all && gathered_.size() > taken))) {
    const auto bytes = std::min<size_t>(gathered_.size() - taken, piece_bytes);
    auto room = make_room(bytes);
    if (!room) {
      outcome = room.failure();
      break;
    }
    const auto from = gathered_.begin() + static_cast<ptrdiff_t>(taken);
    auto data =
        std::make_shared<const std::vector<std::byte>>(from, from + static_cast<ptrdiff_t>(bytes));
    sent_crc_ = codec::crc32c(*data, sent_crc_);
    pieces_.push_back({std::move(data), sent_crc_});
    outcome = send_piece(pieces_.back(), **room, std::exchange(sent_bytes_, sent_bytes_ + bytes));
    taken += bytes;
  }
  gathered_.erase(gathered_.begin(), gathered_.begin() + static_cast<ptrdiff_t>(taken));
  if (all && gathered_.empty())
    gathered_ = {}; // the pieces have it all now
  return outcome;
}

result<void> sftp_writer::write(byte_view in) {
  if (failure_)
    return *failure_;
  constexpr size_t gathered_max = size_t{256} << 10;
  gathered_.insert(gathered_.end(), in.begin(), in.end());
  if (gathered_.size() < piece_bytes || (is_opening() && gathered_.size() < gathered_max))
    return success();
  return ended(step_on([this] { return send_gathered(false); }));
}

// ---- the end

result<void> sftp_writer::begin_commit() {
  if (failure_)
    return *failure_;
  if (!is_opening())
    return ended(step_on([this] { return begin_close(); }));
  listed_ = true;
  others_->add(*this);
  return success();
}

/// Whether this one is no longer among those without a handle.
bool sftp_writer::end_listing(bool wait) {
  others_->move_on();
  if (!wait && others_->holds(*this))
    return false;
  others_->remove(*this);
  listed_ = false;
  return true;
}

/// Everything that is left, the attributes, the sync and the end go out together; but what other
/// sessions carry has to be there before the sync.
result<void> sftp_writer::begin_close() {
  if (at_ != stage::writing)
    return success();
  if (auto sent = send_gathered(true); !sent)
    return sent;
  at_ = stage::arriving;
  return file_->several() ? success() : ask_for_end();
}

result<void> sftp_writer::ask_for_end() {
  at_ = stage::closing;
  const auto& how = plan_.options;
  const attributes about{.uid = how.uid,
                         .gid = how.gid,
                         .mode = how.mode,
                         .mtime_s = how.mtime_s ? std::optional(static_cast<uint32_t>(*how.mtime_s))
                                                : std::nullopt};
  const auto keep = [this](result<uint32_t> number) -> result<void> {
    if (!number)
      return number.failure();
    ends_.push_back({on_, *number});
    return success();
  };
  file_->narrow();
  asked_ = on_;
  const auto& name = file_->first().name();
  if (auto put = keep(on_->send(packet_kind::fsetstat, fields().text(name).about(about))); !put)
    return put;
  if (how.sync && on_->offers(fsync))
    if (auto put = keep(on_->send(packet_kind::extended, fields().text(fsync).text(name))); !put)
      return put;
  return keep(file_->first().close());
}

/// Whether nothing is under way any more.
result<bool> sftp_writer::settle_all(bool wait) {
  while (!pieces_.empty()) {
    const auto& oldest = pieces_.front().sent;
    if (!wait && !oldest.on->has_come(oldest.number))
      return false;
    if (auto settled = settle_piece(); !settled)
      return settled.failure();
  }
  while (!ends_.empty()) {
    const auto oldest = ends_.front();
    if (!wait && !oldest.on->has_come(oldest.number))
      return false;
    ends_.pop_front();
    if (auto settled = settle(oldest); !settled)
      return settled.failure();
  }
  return true;
}

/// Only what was written whole gets its name.
result<void> sftp_writer::begin_rename() {
  at_ = stage::renaming;
  auto number = send_rename(*on_, plan_.temporary, plan_.target);
  if (!number)
    return number.failure();
  ends_.push_back({on_, *number});
  return success();
}

result<bool> sftp_writer::committed(bool wait) {
  if (listed_ && !end_listing(wait))
    return false;
  if (failure_)
    return *failure_;
  return ended(step_on([&] { return go_on(wait); }));
}

result<bool> sftp_writer::go_on(bool wait) {
  if (interrupted_)
    return *interrupted_;
  const bool waits_for_handle = opening_.has_value();
  if (auto begun = begin_close(); !begun)
    return begun.failure();
  if (waits_for_handle) // theirs may have come, too
    others_->move_on();
  while (at_ != stage::done) {
    auto settled = settle_all(wait);
    if (!settled || !*settled)
      return settled;
    if (at_ == stage::arriving) {
      if (auto asked = ask_for_end(); !asked)
        return asked.failure();
      continue;
    }
    if (at_ == stage::closing && !plan_.temporary.empty()) {
      // Where there is neither file for a moment, nobody else may be without his meanwhile.
      if (!wait && !on_->offers(posix_rename_extension))
        return false;
      if (auto begun = begin_rename(); !begun)
        return begun.failure();
      continue;
    }
    if (resumed_)
      if (auto there = check_size(plan_.target); !there)
        return there.failure();
    at_ = stage::done;
  }
  return true;
}

} // namespace pgbraid::sftp
