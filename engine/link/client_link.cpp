// The asking end of a link: requests to another host over HTTP/2.
// SPDX-License-Identifier: MIT
#include "engine/link/client_link.hpp"

namespace pgbraid::link {

class client_core {
public:
  settings with;
};

namespace {
error unready() {
  return {errc::protocol, "the link is not built yet"};
}
} // namespace

call::call(std::shared_ptr<client_core> core, int64_t number)
    : core_(std::move(core)), number_(number) {
  (void)number_;
}
call::~call() = default;
result<void> call::write(byte_view) {
  return unready();
}
result<void> call::end_write() {
  return unready();
}
result<std::string> call::head() {
  return unready();
}
result<size_t> call::read(byte_span) {
  return unready();
}
bool call::readable(size_t, std::chrono::milliseconds) const {
  return true;
}
result<std::string> call::trailer() {
  return unready();
}

client_link::client_link(std::unique_ptr<transport>, settings with)
    : core_(std::make_shared<client_core>(std::move(with))) {}
client_link::~client_link() = default;
result<std::unique_ptr<call>> client_link::open(std::string_view, std::string_view,
                                                std::optional<std::chrono::milliseconds>) {
  return unready();
}
result<client_link::answer> client_link::ask(std::string_view, std::string_view, std::string_view,
                                             size_t, std::optional<std::chrono::milliseconds>) {
  return unready();
}
std::optional<error> client_link::failure() const {
  return unready();
}
const settings& client_link::with() const {
  return core_->with;
}

} // namespace pgbraid::link
