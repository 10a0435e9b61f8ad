// One file as a stream that survives its connection.
// SPDX-License-Identifier: MIT
#include "storage/driver/remote/remote_reader.hpp"

#include "storage/wire/protocol.hpp"

namespace pgbraid::remote {

remote_reader::remote_reader(std::shared_ptr<link::remote_host> on, wire::read_request what,
                             wire::content as)
    : on_(std::move(on)), what_(std::move(what)), as_(as) {}

result<std::unique_ptr<io::reader>> remote_reader::open(std::shared_ptr<link::remote_host> on,
                                                        wire::read_request what, wire::content as) {
  std::unique_ptr<remote_reader> opened(new remote_reader(std::move(on), std::move(what), as));
  if (auto connected = opened->connect(); !connected)
    return connected.failure();
  return std::unique_ptr<io::reader>(std::move(opened));
}

result<void> remote_reader::connect_once() {
  call_.reset();
  link_.reset();
  auto link = on_->data();
  if (!link)
    return link.failure();
  link_ = std::move(*link);
  auto call = link_->open(as_ == wire::content::info_text ? wire::path::repo_read_info
                                                          : wire::path::storage_read,
                          wire::encode(what_));
  if (!call)
    return call.failure();
  call_ = std::move(*call);
  if (auto ended = call_->end_write(); !ended)
    return ended;
  auto head = call_->head();
  if (!head)
    return head.failure();
  auto answer = wire::decode<wire::read_answer>(*head);
  if (!answer)
    return answer.failure();
  if (version_.empty())
    version_ = std::move(answer->version);
  else if (version_ != answer->version)
    return error{errc::file_read,
                 "'" + what_.path + "' on '" + on_->name() + "' changed while it was read"};
  return success();
}

result<void> remote_reader::connect() {
  for (;;) {
    auto connected = connect_once();
    if (connected || !try_again(tries_, link_.get(), connected.failure(), on_->name()))
      return connected;
  }
}

// Reads until the piece is full or the stream is over, and settles how it ended.
result<size_t> remote_reader::read_piece(byte_span out) {
  auto got = call_->read(out);
  if (!got)
    return got;
  if (what_.limit && *got > *what_.limit)
    return error{errc::protocol, "the other host sent more of a file than was asked for"};
  what_.offset += *got;
  if (what_.limit)
    *what_.limit -= *got;
  if (*got > 0)
    tries_.progressed();
  return got;
}

result<size_t> remote_reader::read(byte_span out) {
  size_t filled = 0;
  while (filled < out.size() && !ended_) {
    const auto wanted = out.subspan(filled);
    auto got = read_piece(wanted);
    std::optional<error> failure;
    if (got) {
      filled += *got;
      if (*got == wanted.size())
        break;
      auto end = call_->trailer();
      ended_ = static_cast<bool>(end);
      if (!end)
        failure = end.failure();
    } else
      failure = got.failure();
    if (!failure)
      continue;
    if (!try_again(tries_, link_.get(), *failure, on_->name()))
      return *failure;
    if (auto connected = connect(); !connected)
      return connected.failure();
  }
  if (ended_) { // frees the stream, and maybe the connection, while the file is still held
    call_.reset();
    link_.reset();
  }
  return filled;
}

result<size_t> remote_reader::read_at(byte_span out, uint64_t offset_bytes) {
  auto what = what_;
  what.offset = offset_bytes;
  what.limit = out.size();
  what.size_hint = 0;
  auto aside = open(on_, std::move(what), as_);
  if (!aside)
    return aside.failure();
  return (*aside)->read(out);
}

} // namespace pgbraid::remote
