// The asking end of a link: requests to another host over HTTP/2.
// SPDX-License-Identifier: MIT
#include "engine/link/client_link.hpp"

#include "engine/link/client_core.hpp"

#include <algorithm>

namespace pgbraid::link {

namespace {

constexpr size_t ask_step_bytes = size_t{64} << 10;

result<std::string> read_to_end(call& from, size_t limit_bytes) {
  std::string out;
  for (;;) {
    const auto before = out.size();
    out.resize(before + ask_step_bytes);
    const auto got = from.read(std::as_writable_bytes(std::span(out).subspan(before)));
    if (!got)
      return got.failure();
    out.resize(before + *got);
    if (out.size() > limit_bytes)
      return error{errc::protocol, "the answer of the other host is larger than " +
                                       std::to_string(limit_bytes) + " bytes"};
    if (*got == 0)
      return out;
  }
}

} // namespace

call::call(std::shared_ptr<client_core> core, int64_t number)
    : core_(std::move(core)), number_(number) {}

call::~call() {
  core_->abandon(number_);
}

result<void> call::write(byte_view in) {
  return core_->write(number_, in);
}

bool call::writable(size_t bytes, std::chrono::milliseconds wait) const {
  return core_->writable(number_, bytes, wait);
}

result<void> call::end_write() {
  return core_->end_write(number_);
}

result<std::string> call::head() {
  return core_->head(number_);
}

result<size_t> call::read(byte_span out) {
  return core_->read(number_, out);
}

bool call::readable(size_t bytes, std::chrono::milliseconds wait) const {
  return core_->readable(number_, bytes, wait);
}

bool call::has_ended() const {
  return core_->has_ended(number_);
}

result<std::string> call::trailer() {
  return core_->trailer(number_);
}

client_link::client_link(std::unique_ptr<net::transport> over, settings with)
    : core_(std::make_shared<client_core>(std::move(over), std::move(with))) {
  core_->start();
}

client_link::~client_link() {
  core_->stop();
}

result<std::unique_ptr<call>> client_link::open(std::string_view path, std::string_view head,
                                                std::optional<std::chrono::milliseconds> limit) {
  const auto number = core_->open(path, head, {}, false, limit.value_or(with().stream_limit));
  if (!number)
    return number.failure();
  return std::unique_ptr<call>(new call(core_, *number));
}

result<client_link::answer> client_link::ask(std::string_view path, std::string_view head,
                                             std::string_view body, size_t body_limit_bytes,
                                             std::optional<std::chrono::milliseconds> limit) {
  // A body that fits goes out together with the head.
  const bool whole = body.size() <= with().out_bytes;
  const auto number = core_->open(path, head, as_bytes(whole ? body : std::string_view()), whole,
                                  limit.value_or(with().stream_limit));
  if (!number)
    return number.failure();
  call asked(core_, *number);
  if (!whole) {
    auto sent = asked.write(as_bytes(body));
    if (sent)
      sent = asked.end_write();
    if (!sent)
      return sent.failure();
  }
  answer out;
  auto came = asked.head();
  if (!came)
    return came.failure();
  out.head = std::move(*came);
  auto bytes = read_to_end(asked, body_limit_bytes);
  if (!bytes)
    return bytes.failure();
  out.body = std::move(*bytes);
  auto trailer = asked.trailer();
  if (!trailer)
    return trailer.failure();
  out.trailer = std::move(*trailer);
  return out;
}

std::optional<error> client_link::failure() const {
  return core_->useless();
}

const settings& client_link::with() const {
  return core_->with();
}

} // namespace pgbraid::link
