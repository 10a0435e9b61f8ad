// Pieces under way in both directions.
// SPDX-License-Identifier: MIT
#include "storage/sftp/sftp_file.hpp"

#include "storage/sftp/requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbraid::sftp {

error refused(errc code, std::string_view what, std::string_view shown, const status& why) {
  return {code, fmt::format("{} '{}': [{}] {}", what, shown, static_cast<uint32_t>(why.code),
                            why.message.empty() ? "no reason given" : why.message)};
}

open_handle::open_handle(std::shared_ptr<connection> on, std::string name)
    : on_(std::move(on)), name_(std::move(name)) {}

open_handle::~open_handle() {
  if (!on_)
    return;
  const auto on = on_;
  if (auto number = close())
    on->forget(*number);
}

result<uint32_t> open_handle::close() {
  const auto on = std::move(on_);
  return on->send(packet_kind::close, fields().text(name_));
}

// ---- reading

sftp_reader::sftp_reader(open_handle file, std::string shown, const read_options& options)
    : file_(std::move(file)), shown_(std::move(shown)), next_offset_(options.offset_bytes) {
  if (options.limit_bytes)
    end_ = options.offset_bytes + std::min(*options.limit_bytes, UINT64_MAX - options.offset_bytes);
}

sftp_reader::~sftp_reader() {
  for (const auto& one : under_way_)
    file_.on().forget(one.number);
}

result<void> sftp_reader::ask_ahead() {
  while (under_way_.size() < ahead_ && (!end_ || next_offset_ < *end_)) {
    const auto bytes = static_cast<uint32_t>(
        std::min<uint64_t>(piece_bytes, end_ ? *end_ - next_offset_ : piece_bytes));
    auto number = file_.on().send(packet_kind::read,
                                  fields().text(file_.name()).u64(next_offset_).u32(bytes));
    if (!number)
      return number.failure();
    under_way_.push_back({next_offset_, bytes, *number});
    next_offset_ += bytes;
  }
  return success();
}

/// Empty at the end of the file.
result<std::vector<std::byte>> sftp_reader::take(uint32_t number) {
  auto answer = file_.on().wait(number);
  if (!answer)
    return answer.failure();
  status why;
  auto data = data_of(*answer, why);
  if (!data)
    return data.failure();
  if (*data)
    return std::vector<std::byte>((**data).begin(), (**data).end());
  if (why.code == status_code::eof)
    return std::vector<std::byte>();
  return refused(errc::file_read, "unable to read", shown_, why);
}

result<std::vector<std::byte>> sftp_reader::read_piece(uint64_t offset, uint32_t bytes) {
  auto number =
      file_.on().send(packet_kind::read, fields().text(file_.name()).u64(offset).u32(bytes));
  if (!number)
    return number.failure();
  auto data = take(*number);
  if (data && data->size() > bytes)
    return error{errc::protocol, "the SFTP server sent more than was asked for"};
  return data;
}

/// False at the end.
result<bool> sftp_reader::next_piece() {
  if (auto asked = ask_ahead(); !asked)
    return asked.failure();
  if (under_way_.empty())
    return false;
  const auto first = under_way_.front();
  under_way_.pop_front();
  auto data = take(first.number);
  if (!data)
    return data.failure();
  if (data->size() > first.bytes)
    return error{errc::protocol, "the SFTP server sent more than was asked for"};
  // A server may send less than there is: what is missing is asked for again.
  while (!data->empty() && data->size() < first.bytes) {
    auto more =
        read_piece(first.offset + data->size(), first.bytes - static_cast<uint32_t>(data->size()));
    if (!more)
      return more.failure();
    if (more->empty())
      break;
    data->insert(data->end(), more->begin(), more->end());
  }
  here_ = std::move(*data);
  taken_ = 0;
  ahead_ = std::min(ahead_ * 2, pieces_max);
  return !here_.empty();
}

result<size_t> sftp_reader::read(byte_span out) {
  size_t filled = 0;
  while (filled < out.size() && !ended_) {
    if (taken_ == here_.size()) {
      auto more = next_piece();
      if (!more)
        return more.failure();
      ended_ = !*more;
      continue;
    }
    const auto count = std::min(out.size() - filled, here_.size() - taken_);
    std::copy_n(here_.begin() + static_cast<ptrdiff_t>(taken_), count,
                out.begin() + static_cast<ptrdiff_t>(filled));
    taken_ += count;
    filled += count;
  }
  return filled;
}

result<size_t> sftp_reader::read_at(byte_span out, uint64_t offset_bytes) {
  size_t filled = 0;
  while (filled < out.size()) {
    const auto bytes = static_cast<uint32_t>(std::min<size_t>(piece_bytes, out.size() - filled));
    auto data = read_piece(offset_bytes + filled, bytes);
    if (!data)
      return data.failure();
    if (data->empty())
      break;
    std::copy(data->begin(), data->end(), out.begin() + static_cast<ptrdiff_t>(filled));
    filled += data->size();
  }
  return filled;
}

// ---- writing

void late_openings::add(sftp_writer& one) {
  const std::lock_guard held(mutex_);
  waiting_.push_back(&one);
}

void late_openings::remove(sftp_writer& one) {
  const std::lock_guard held(mutex_);
  std::erase(waiting_, &one);
}

bool late_openings::holds(sftp_writer& one) {
  const std::lock_guard held(mutex_);
  std::erase_if(waiting_, [](sftp_writer* other) {
    if (other->is_opening())
      return false;
    if (auto begun = other->begin_close(); !begun)
      other->failure_ = begun.failure();
    return true;
  });
  return std::ranges::find(waiting_, &one) != waiting_.end();
}

sftp_writer::sftp_writer(open_handle file, write_plan plan) : plan_(std::move(plan)) {
  file_.emplace(std::move(file));
  on_ = file_->on().shared_from_this();
}

sftp_writer::sftp_writer(std::shared_ptr<connection> on, late_open opening, write_plan plan)
    : on_(std::move(on)), opening_(std::move(opening)), others_(opening_->others),
      plan_(std::move(plan)) {}

sftp_writer::~sftp_writer() {
  if (listed_)
    others_->remove(*this);
  // So that it can be closed; what came of it does not matter any more.
  static_cast<void>(end_opening());
  for (const auto number : under_way_)
    on_->forget(number);
  file_.reset();
  if (at_ == stage::done || plan_.temporary.empty() || on_->failure())
    return;
  // The next one who lists the directory must not see it any more.
  static_cast<void>(on_->ask(packet_kind::remove, fields().text(plan_.temporary)));
}

result<void> sftp_writer::settle(uint32_t number) {
  auto answer = on_->wait(number);
  if (!answer)
    return answer.failure();
  auto got = status_of(*answer);
  if (!got)
    return got.failure();
  if (got->code == status_code::ok)
    return success();
  return at_ == stage::renaming ? refused(errc::file_move, "unable to publish", plan_.shown, *got)
                                : refused(errc::file_write, "unable to write", plan_.shown, *got);
}

result<void> sftp_writer::send_piece(byte_view in) {
  while (under_way_.size() >= pieces_max) {
    const auto oldest = under_way_.front();
    under_way_.pop_front();
    if (auto settled = settle(oldest); !settled)
      return settled;
  }
  auto number = on_->send(packet_kind::write, fields().text(file_->name()).u64(offset_).bytes(in));
  if (!number)
    return number.failure();
  under_way_.push_back(*number);
  offset_ += in.size();
  return success();
}

result<void> sftp_writer::end_opening() {
  if (!opening_)
    return success();
  const auto opening = std::exchange(opening_, {});
  auto answer = on_->wait(opening->number);
  if (!answer)
    return answer.failure();
  auto handle = opening->finish(*answer);
  if (!handle)
    return handle.failure();
  file_.emplace(std::move(*handle));
  return success();
}

/// @param all  also what is shorter than a piece
result<void> sftp_writer::send_gathered(bool all) {
  if (auto opened = end_opening(); !opened)
    return opened;
  byte_view rest(gathered_);
  while (rest.size() >= piece_bytes || (all && !rest.empty())) {
    const auto piece = rest.first(std::min<size_t>(rest.size(), piece_bytes));
    if (auto sent = send_piece(piece); !sent)
      return sent;
    rest = rest.subspan(piece.size());
  }
  gathered_.erase(gathered_.begin(), gathered_.end() - static_cast<ptrdiff_t>(rest.size()));
  return success();
}

result<void> sftp_writer::write(byte_view in) {
  constexpr size_t gathered_max = size_t{256} << 10;
  gathered_.insert(gathered_.end(), in.begin(), in.end());
  if (gathered_.size() < piece_bytes || (is_opening() && gathered_.size() < gathered_max))
    return success();
  return send_gathered(false);
}

result<void> sftp_writer::begin_commit() {
  if (!is_opening())
    return begin_close();
  listed_ = true;
  others_->add(*this);
  return success();
}

/// Whether this one is no longer among those without a handle.
result<bool> sftp_writer::end_listing(bool wait) {
  const bool held = others_->holds(*this);
  if (held && !wait)
    return false;
  others_->remove(*this);
  listed_ = false;
  if (failure_)
    return *failure_;
  if (held && opening_)
    if (auto begun = begin_close(); !begun)
      return begun.failure();
  return true;
}

/// Everything that is left, the attributes, the sync and the end go out together.
result<void> sftp_writer::begin_close() {
  if (auto sent = send_gathered(true); !sent)
    return sent;
  const auto& how = plan_.options;
  const attributes about{.uid = how.uid,
                         .gid = how.gid,
                         .mode = how.mode,
                         .mtime_s = how.mtime_s ? std::optional(static_cast<uint32_t>(*how.mtime_s))
                                                : std::nullopt};
  const auto keep = [this](result<uint32_t> number) -> result<void> {
    if (!number)
      return number.failure();
    under_way_.push_back(*number);
    return success();
  };
  if (auto put = keep(on_->send(packet_kind::fsetstat, fields().text(file_->name()).about(about)));
      !put)
    return put;
  constexpr std::string_view fsync = "fsync@openssh.com";
  if (how.sync && on_->offers(fsync))
    if (auto put = keep(on_->send(packet_kind::extended, fields().text(fsync).text(file_->name())));
        !put)
      return put;
  if (auto put = keep(file_->close()); !put)
    return put;
  at_ = stage::closing;
  return success();
}

/// Whether nothing is under way any more.
result<bool> sftp_writer::settle_all(bool wait) {
  while (!under_way_.empty()) {
    const auto oldest = under_way_.front();
    if (!wait && !on_->has_come(oldest))
      return false;
    under_way_.pop_front();
    if (auto settled = settle(oldest); !settled)
      return settled.failure();
  }
  return true;
}

/// Only what was written whole gets its name.
result<void> sftp_writer::begin_rename() {
  auto number = send_rename(*on_, plan_.temporary, plan_.target);
  if (!number)
    return number.failure();
  under_way_.push_back(*number);
  at_ = stage::renaming;
  return success();
}

result<bool> sftp_writer::committed(bool wait) {
  if (failure_ && !listed_)
    return *failure_;
  auto done = go_on(wait);
  if (!done)
    failure_ = done.failure(); // it stays one, however often it is asked for
  return done;
}

result<bool> sftp_writer::go_on(bool wait) {
  if (listed_)
    if (auto ended = end_listing(wait); !ended || !*ended)
      return ended;
  while (at_ != stage::done) {
    auto settled = settle_all(wait);
    if (!settled || !*settled)
      return settled;
    if (at_ == stage::renaming || plan_.temporary.empty()) {
      at_ = stage::done;
      break;
    }
    if (auto begun = begin_rename(); !begun)
      return begun.failure();
  }
  return true;
}

} // namespace pgbraid::sftp
