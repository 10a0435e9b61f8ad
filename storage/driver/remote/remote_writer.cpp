// One file as a stream to another host.
// SPDX-License-Identifier: MIT
#include "storage/driver/remote/remote_writer.hpp"

#include "storage/driver/remote/main_connection.hpp"
#include "storage/wire/protocol.hpp"

#include <array>
#include <cassert>

namespace pgbraid::remote {

namespace {
constexpr auto settle_limit = std::chrono::seconds(10);
}

remote_writer::remote_writer(std::shared_ptr<link::remote_host> on,
                             std::shared_ptr<link::client_link> over,
                             std::unique_ptr<link::call> opened, bool has_temporary_name)
    : on_(std::move(on)), link_(std::move(over)), call_(std::move(opened)),
      has_temporary_name_(has_temporary_name) {}

result<std::unique_ptr<io::writer>> remote_writer::open(std::shared_ptr<link::remote_host> on,
                                                        const wire::write_request& what,
                                                        wire::content as) {
  if (auto lost = on->main()->failure())
    return without_hope_if_lost(*on, *lost);
  auto link = what.options.under_lock ? on->main() : on->data();
  if (!link)
    return link.failure();
  auto call = (*link)->open(as == wire::content::info_text ? wire::path::repo_write_info
                                                           : wire::path::storage_write,
                            wire::encode(what));
  if (!call)
    return without_hope_if_lost(*on, call.failure());
  std::unique_ptr<remote_writer> opened(new remote_writer(
      std::move(on), std::move(*link), std::move(*call), what.options.how == publish::atomic));
  if (auto head = opened->call_->head(); !head) {
    opened->settled_ = true;
    return without_hope_if_lost(*opened->on_, head.failure());
  }
  return std::unique_ptr<io::writer>(std::move(opened));
}

remote_writer::~remote_writer() {
  call_.reset();
  if (settled_ || !has_temporary_name_ || link_->failure())
    return;
  // Nobody hears of a failure: the other host cleans up by itself, only later.
  static_cast<void>(
      link_->ask(wire::path::storage_settle, wire::encode(wire::nothing{}), {}, 0, settle_limit));
}

result<void> remote_writer::write(byte_view in) {
  auto put = call_->write(in);
  if (!put)
    return without_hope_if_lost(*on_, put.failure());
  return put;
}

result<void> remote_writer::begin_commit() {
  // Over the main connection the stream itself knows best why it failed.
  if (auto lost = on_->main()->failure(); lost && link_ != on_->main())
    return without_hope_if_lost(*on_, *lost);
  auto ended = call_->end_write();
  if (!ended)
    return without_hope_if_lost(*on_, ended.failure());
  return ended;
}

result<bool> remote_writer::committed(bool wait) {
  if (done_)
    return true;
  if (!wait && !call_->readable(1))
    return false;
  std::array<std::byte, 1> room{};
  auto got = call_->read(room);
  if (!got)
    return without_hope_if_lost(*on_, got.failure());
  if (*got != 0)
    return error{errc::protocol, "the other host sent content when it was to store some"};
  auto end = call_->trailer();
  settled_ = true;
  if (!end)
    return without_hope_if_lost(*on_, end.failure());
  done_ = true;
  return true;
}

} // namespace pgbraid::remote
