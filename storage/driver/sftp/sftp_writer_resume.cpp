// A file that goes on over another session.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/read_back.hpp"
#include "storage/driver/sftp/sftp_writer.hpp"

#include <fmt/format.h>

#include <utility>

namespace pgbraid::sftp {

/// Nothing is under way any more; what was sent counts as not sent.
void sftp_writer::forget_all() {
  if (opening_)
    on_->forget(*std::exchange(opening_, {}));
  for (auto& one : pieces_)
    if (const auto sent = std::exchange(one.sent, {}); sent.on)
      sent.on->forget(sent.number);
  for (const auto& one : ends_)
    one.on->forget(one.number);
  ends_.clear();
  file_.reset();
}

result<void> sftp_writer::resume(const std::shared_ptr<connection>& on) {
  forget_all();
  on_ = asked_ = on;
  resumed_ = true;
  interrupted_.reset();
  if (at_ == stage::renaming)
    return rename_again();
  if (auto opened = reopen(); !opened)
    return opened;
  if (auto sent = send_again(); !sent || at_ == stage::writing)
    return sent;
  return ask_for_end();
}

/// What the server had acknowledged must be there, also if it was started anew meanwhile.
result<void> sftp_writer::reopen() {
  if (!made_)
    return create();
  auto crc = crc_of_start(on_, plan_.name(), acknowledged_bytes_);
  if (!crc)
    return crc.failure();
  if (*crc != acknowledged_crc_)
    return error{errc::file_write,
                 fmt::format("the SFTP server lost {} bytes of '{}' that it had acknowledged",
                             acknowledged_bytes_, plan_.name())};
  auto number = on_->send(packet_kind::open, fields().text(plan_.name()).u32(flag_write).about({}));
  if (!number)
    return number.failure();
  status why;
  auto opened = opened_by(on_, *number, why);
  if (!opened)
    return opened.failure();
  if (!*opened)
    return refused(errc::file_open, "unable to open for write", plan_.name(), why);
  open(std::move(**opened));
  return success();
}

result<void> sftp_writer::send_again() {
  auto offset = acknowledged_bytes_;
  for (auto& one : pieces_) {
    if (auto sent = send_piece(one, file_->first(), offset); !sent)
      return sent;
    offset += one.data->size();
  }
  return success();
}

/// The old session may have renamed before it broke.
result<void> sftp_writer::rename_again() {
  auto about = look(*on_, plan_.temporary);
  if (!about)
    return about.failure();
  return *about ? begin_rename() : success();
}

result<void> sftp_writer::check_size(const std::string& full_path) {
  auto about = look(*on_, full_path);
  if (!about)
    return about.failure();
  if (*about && (**about).size == sent_bytes_)
    return success();
  return error{errc::file_write,
               fmt::format("'{}' is not what was written, after a broken session", full_path)};
}

} // namespace pgbraid::sftp
