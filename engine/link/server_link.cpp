// The serving end of a link: requests of another host over HTTP/2.
// SPDX-License-Identifier: MIT
#include "engine/link/server_link.hpp"

namespace pgbraid::link {

class server_core {};

namespace {
error unready() {
  return {errc::protocol, "the link is not built yet"};
}
} // namespace

exchange::exchange(std::shared_ptr<server_core> core, int64_t number, std::string path,
                   std::string head)
    : core_(std::move(core)), number_(number), path_(std::move(path)), head_(std::move(head)) {
  (void)number_;
}
exchange::~exchange() = default;
const std::string& exchange::path() const {
  return path_;
}
const std::string& exchange::head() const {
  return head_;
}
result<size_t> exchange::read(byte_span) {
  return unready();
}
result<std::string> exchange::read_all(size_t) {
  return unready();
}
bool exchange::readable(size_t) const {
  return true;
}
result<void> exchange::respond(std::string_view) {
  return unready();
}
bool exchange::writable(size_t, std::chrono::milliseconds) const {
  return true;
}
result<void> exchange::write(byte_view) {
  return unready();
}
result<void> exchange::finish(std::string_view) {
  return unready();
}
void exchange::fail(const error&) {}
bool exchange::cancelled() const {
  return true;
}

server_link::server_link(std::unique_ptr<transport>, settings, std::function<void()>)
    : core_(std::make_shared<server_core>()) {}
server_link::~server_link() = default;
std::unique_ptr<exchange> server_link::next(std::chrono::milliseconds) {
  return {};
}
bool server_link::ended() const {
  return true;
}
std::optional<error> server_link::failure() const {
  return unready();
}
void server_link::refuse_more() {}

} // namespace pgbraid::link
