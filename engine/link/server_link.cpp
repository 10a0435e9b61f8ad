// The serving end of a link: requests of another host over HTTP/2.
// SPDX-License-Identifier: MIT
#include "engine/link/server_link.hpp"

#include "engine/link/server_core.hpp"

#include <algorithm>

namespace pgbraid::link {

namespace {

constexpr size_t read_step_bytes = size_t{64} << 10;

} // namespace

exchange::exchange(std::shared_ptr<server_core> core, int64_t number, std::string path,
                   std::string head)
    : core_(std::move(core)), number_(number), path_(std::move(path)), head_(std::move(head)) {}

exchange::~exchange() {
  core_->abandon(number_);
}

const std::string& exchange::path() const {
  return path_;
}

const std::string& exchange::head() const {
  return head_;
}

result<size_t> exchange::read(byte_span out) {
  return core_->read(number_, out);
}

result<std::string> exchange::read_all(size_t limit_bytes) {
  std::string out;
  for (;;) {
    const auto before = out.size();
    out.resize(before + std::min(read_step_bytes, limit_bytes - before + 1));
    const auto got = read(std::as_writable_bytes(std::span(out).subspan(before)));
    if (!got)
      return got.failure();
    out.resize(before + *got);
    if (out.size() > limit_bytes)
      return error{errc::protocol, "the body of a request is larger than " +
                                       std::to_string(limit_bytes) + " bytes"};
    if (*got == 0)
      return out;
  }
}

result<void> exchange::respond(std::string_view head) {
  return core_->respond(number_, head);
}

bool exchange::readable(size_t bytes) const {
  return core_->readable(number_, bytes, {});
}

bool exchange::writable(size_t bytes, std::chrono::milliseconds wait) const {
  return core_->writable(number_, bytes, wait);
}

result<void> exchange::write(byte_view in) {
  return core_->write_body(number_, in);
}

result<void> exchange::finish(std::string_view trailer) {
  return core_->finish(number_, trailer);
}

void exchange::fail(const error& what) {
  core_->fail(number_, what);
}

bool exchange::cancelled() const {
  return core_->cancelled(number_);
}

void exchange::keep(std::shared_ptr<void> what) {
  core_->keep(number_, std::move(what));
}

server_link::server_link(std::unique_ptr<net::transport> over, settings with,
                         std::function<void()> woken)
    : core_(std::make_shared<server_core>(std::move(over), std::move(with), std::move(woken))) {
  core_->start();
}

server_link::~server_link() {
  core_->stop();
}

std::unique_ptr<exchange> server_link::next(std::chrono::milliseconds wait) {
  return core_->next(wait);
}

bool server_link::ended() const {
  return core_->ended();
}

std::optional<error> server_link::failure() const {
  return core_->failure();
}

void server_link::refuse_more() {
  core_->refuse_more();
}

} // namespace pgbraid::link
