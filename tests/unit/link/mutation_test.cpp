// Valid conversations, recorded and then changed a little, replayed to either end.
// SPDX-License-Identifier: MIT
#include "tests/unit/link/raw.hpp"

#include <mutex>
#include <random>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

struct record {
  std::mutex mutex;
  std::string sent;
};

/// A transport that keeps what is written.
class recording final : public link::transport {
public:
  recording(int fd, std::shared_ptr<record> into)
      : under_(over_socket(fd)), into_(std::move(into)) {}
  result<link::progress> read(byte_span out) override { return under_->read(out); }
  result<link::progress> write(byte_view in) override {
    auto put = under_->write(in);
    if (put) {
      const std::lock_guard held(into_->mutex);
      into_->sent += as_text(in.first(put->bytes));
    }
    return put;
  }
  int read_fd() const override { return under_->read_fd(); }
  int write_fd() const override { return under_->write_fd(); }
  void close() override { under_->close(); }

private:
  std::unique_ptr<link::transport> under_;
  std::shared_ptr<record> into_;
};

link::settings small() {
  auto out = client_settings();
  out.stream_window_bytes = 20000;
  out.link_window_bytes = 65535;
  out.head_bytes = 4 << 10;
  out.stream_limit = 2s;
  return out;
}

void serve(link::exchange& asked) {
  if (asked.path() == "/error")
    return asked.fail({errc::access, "no", "Ask."});
  const auto body = asked.read_all(1 << 20);
  if (!body)
    return;
  (void)asked.respond("{\"head\":1}").operator bool();
  (void)asked.write(as_bytes(*body)).operator bool();
  (void)asked.finish("{\"size\":" + std::to_string(body->size()) + "}").operator bool();
}

void ask_all(link::client_link& from) {
  (void)from.ask("/one", "{\"a\":1}", "small").operator bool();
  (void)from.ask("/error", "{}").operator bool();
  (void)from.ask("/large", "{\"b\":\"" + std::string(300, 'b') + "\"}", pattern(30000))
      .
      operator bool();
  (void)from.open("/dropped", "{}").operator bool();
}

/// What both ends sent in a whole conversation: the client's, the server's.
std::pair<std::string, std::string> conversation() {
  const auto there = std::make_shared<record>();
  const auto back = std::make_shared<record>();
  const auto fds = socket_pair();
  {
    answering serving(std::make_unique<recording>(fds[1], back), small(), serve);
    link::client_link asking(std::make_unique<recording>(fds[0], there), small());
    ask_all(asking);
  }
  return {there->sent, back->sent};
}

std::string mutated(std::string bytes, std::mt19937& from) {
  const auto changes = 1 + from() % 4;
  for (unsigned i = 0; i < changes; ++i) {
    const auto at = from() % bytes.size();
    const auto count = std::min<size_t>(from() % 40, bytes.size() - at);
    switch (from() % 5) {
    case 0:
      bytes[at] = static_cast<char>(from());
      break;
    case 1:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << from() % 8));
      break;
    case 2:
      bytes.erase(at, count);
      break;
    case 3:
      bytes.insert(at, bytes.substr(from() % bytes.size(), from() % 60));
      break;
    default:
      bytes.resize(std::max<size_t>(at, 1));
    }
  }
  return bytes;
}

} // namespace

TEST_CASE("mutation: the recorded conversations are whole") {
  const auto [asked, answered] = conversation();
  CHECK(asked.starts_with(raw::preface));
  CHECK(asked.size() > 30000);
  CHECK(answered.size() > 30000);
}

TEST_CASE("mutation: a client's bytes, changed, harm no server") {
  const auto asked = conversation().first;
  std::mt19937 from(1);
  for (int i = 0; i < 300; ++i) {
    const auto fds = socket_pair();
    answering serving(over_socket(fds[1]), small(), serve);
    raw_peer peer(fds[0]);
    peer.say(i == 0 ? asked : mutated(asked, from));
    peer.end();
    REQUIRE(peer.hangs_up());
  }
}

TEST_CASE("mutation: a server's bytes, changed, harm no client") {
  const auto answered = conversation().second;
  std::mt19937 from(2);
  for (int i = 0; i < 300; ++i) {
    const auto fds = socket_pair();
    link::client_link asking(over_socket(fds[0]), small());
    std::thread asks([&] { ask_all(asking); });
    raw_peer peer(fds[1], raw::preface.size());
    peer.say(i == 0 ? answered : mutated(answered, from));
    peer.end();
    REQUIRE(peer.hangs_up());
    asks.join();
  }
}
