// One stored file on its way through the digest.
// SPDX-License-Identifier: MIT
#include "actors/verify/read_back.hpp"

#include "engine/base/command_stage.hpp"
#include "engine/base/log.hpp"
#include "engine/codec/container_kernel.hpp"
#include "engine/codec/digest.hpp"
#include "engine/plan/restore_copies.hpp"

#include <algorithm>

namespace pgbraid::verify {

void count(report::verified_files& to, stored_state state) {
  switch (state) {
  case stored_state::sound:
    ++to.valid;
    break;
  case stored_state::missing:
    ++to.missing;
    break;
  case stored_state::wrong_content:
    ++to.wrong_content;
    break;
  case stored_state::wrong_size:
    ++to.wrong_size;
    break;
  case stored_state::unreadable:
    ++to.unreadable;
    break;
  }
}

void tell_damage(const std::string& path, const std::string& member, stored_state state,
                 const error& why) {
  switch (state) {
  case stored_state::sound:
    break;
  case stored_state::missing:
    log::info("file missing '{}'{}", path, member);
    break;
  case stored_state::wrong_content:
    log::info("invalid checksum '{}'{}", path, member);
    break;
  case stored_state::wrong_size:
    log::info("invalid size '{}'{}", path, member);
    break;
  case stored_state::unreadable:
    log::info("invalid result {}{}: [{}] {}", path, member, static_cast<int>(why.code),
              why.message);
    break;
  }
}

result<bool> read_back::open(const graph::worker_tools& tools) {
  if (wish_.together) {
    auto bytes = wish_.together->bytes_of(wish_.position, tools.engine);
    if (!bytes)
      return bytes.failure();
    stored_ = *bytes;
    return true;
  }
  auto opened = in_.open_read(wish_.path, {.offset_bytes = wish_.offset_bytes,
                                           .limit_bytes = wish_.limit_bytes,
                                           .engine = tools.engine,
                                           .size_hint_bytes = wish_.stored_bytes});
  if (!opened)
    return opened.failure();
  source_ = std::move(*opened);
  return true;
}

std::unique_ptr<codec::stream> read_back::open_stream(codec::kernel& kernel) {
  auto* const container = dynamic_cast<codec::container_kernel*>(&kernel);
  return container != nullptr && wish_.raw_container ? container->open_raw() : kernel.open();
}

result<size_t> read_back::read(byte_span out) {
  if (source_)
    return source_->read(out);
  const auto count = take_front(stored_, out);
  if (stored_.empty())
    wish_.together = nullptr;
  return count;
}

result<void> read_back::write(byte_view in) {
  if (head_.size() < wish_.head_bytes) {
    const auto now = in.first(std::min(in.size(), wish_.head_bytes - head_.size()));
    head_.insert(head_.end(), now.begin(), now.end());
  }
  bytes_ += in.size();
  if (bytes_ <= wish_.most_bytes)
    return success();
  state_ = stored_state::wrong_size;
  return error{errc::format, "it holds more than it may"};
}

result<void> read_back::finish(const graph::file_streams& streams) {
  source_ = nullptr;
  if (codec::digest_kernel::value(*streams.of(graph::finding::checksum)) != wish_.checksum)
    state_ = stored_state::wrong_content;
  else if (wish_.size_bytes && *wish_.size_bytes != bytes_)
    state_ = stored_state::wrong_size;
  return success();
}

bool read_back::put_aside(const error& why) {
  source_ = nullptr;
  wish_.together = nullptr;
  if (state_ == stored_state::wrong_size)
    return true;
  if (plan::is_lost_repository(why) || why.code == errc::term)
    return false;
  state_ = why.code == errc::file_missing ? stored_state::missing : stored_state::unreadable;
  why_ = why;
  return true;
}

result<void> read_back_job::settled(graph::task& done) {
  const auto& task = dynamic_cast<const read_back&>(done);
  the_command_stage.done_bytes += task.bytes();
  take_(task);
  return success();
}

} // namespace pgbraid::verify
