// Handshake, host key, login, and the channel as a transport.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/ssh_session.hpp"

#include "engine/base/printable.hpp"
#include "engine/base/retry.hpp"
#include "storage/driver/sftp/host_key.hpp"

#include <fmt/format.h>
#include <libssh2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>

namespace pgbraid::sftp {

namespace {

using clock = monotonic;

/// What the server may send before we granted more: as much as a session may have under way.
constexpr unsigned receive_window_bytes = 8U << 20;

struct session_closer {
  void operator()(LIBSSH2_SESSION* session) const { libssh2_session_free(session); }
};
using session_handle = std::unique_ptr<LIBSSH2_SESSION, session_closer>;

/// The library's words and number.
std::string reason(LIBSSH2_SESSION* session) {
  char* text = nullptr;
  int length = 0;
  const int code = libssh2_session_last_error(session, &text, &length, 0);
  const std::string_view said(text == nullptr ? "" : text, text == nullptr ? 0 : length);
  return fmt::format("[{}] {}", code, printable(said));
}

net::readiness waits_for(LIBSSH2_SESSION* session) {
  return (libssh2_session_block_directions(session) & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0
             ? net::readiness::writable
             : net::readiness::readable;
}

/// Calls until it does not ask to be called again, or the time is over (then
/// LIBSSH2_ERROR_TIMEOUT).
template <class Call>
int repeat(LIBSSH2_SESSION* session, int socket, clock::time_point until, Call call) {
  while (true) {
    const int done = call();
    if (done != LIBSSH2_ERROR_EAGAIN)
      return done;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now()).count();
    if (left <= 0)
      return LIBSSH2_ERROR_TIMEOUT;
    const bool out = waits_for(session) == net::readiness::writable;
    pollfd ready{socket, static_cast<short>(out ? POLLOUT : POLLIN), 0};
    ::poll(&ready, 1, static_cast<int>(std::min<int64_t>(left, 1000)));
  }
}

struct agent_closer {
  void operator()(LIBSSH2_AGENT* agent) const {
    libssh2_agent_disconnect(agent);
    libssh2_agent_free(agent);
  }
};

/// Whether a running agent has a key that lets the user in: for key files whose passphrase nobody
/// configured.
bool ask_agent(LIBSSH2_SESSION* session, const login& to, int socket, clock::time_point until) {
  constexpr int keys_max = 16; // servers count attempts
  const std::unique_ptr<LIBSSH2_AGENT, agent_closer> agent(libssh2_agent_init(session));
  if (!agent || libssh2_agent_connect(agent.get()) != 0 ||
      libssh2_agent_list_identities(agent.get()) != 0)
    return false;
  libssh2_agent_publickey* key = nullptr;
  for (int i = 0; i < keys_max && libssh2_agent_get_identity(agent.get(), &key, key) == 0; ++i)
    if (repeat(session, socket, until,
               [&] { return libssh2_agent_userauth(agent.get(), to.user.c_str(), key); }) == 0)
      return true;
  return false;
}

class ssh_channel final : public net::transport {
public:
  ssh_channel(io::unique_fd socket, session_handle session, LIBSSH2_CHANNEL* channel,
              std::string host)
      : socket_(std::move(socket)), session_(std::move(session)), channel_(channel),
        host_(std::move(host)) {}
  ~ssh_channel() override { close(); }

  result<net::progress> read(byte_span out) override {
    const auto got =
        libssh2_channel_read(channel_, reinterpret_cast<char*>(out.data()), out.size());
    if (got > 0)
      return net::progress{.bytes = static_cast<size_t>(got)};
    if (got == LIBSSH2_ERROR_EAGAIN)
      return net::progress{.waits_for = net::readiness::readable};
    if (got == 0 && libssh2_channel_eof(channel_) != 0)
      return net::progress{.closed = true};
    if (got == 0)
      return net::progress{.waits_for = net::readiness::readable};
    return broken();
  }

  result<net::progress> write(byte_view in) override {
    const auto put =
        libssh2_channel_write(channel_, reinterpret_cast<const char*>(in.data()), in.size());
    if (put > 0)
      return net::progress{.bytes = static_cast<size_t>(put)};
    if (put == 0) // the other end has not granted any window
      return net::progress{.waits_for = net::readiness::readable};
    if (put == LIBSSH2_ERROR_EAGAIN)
      return net::progress{.waits_for = waits_for(session_.get())};
    return broken();
  }

  int read_fd() const override { return socket_.get(); }
  int write_fd() const override { return socket_.get(); }

  void close() override {
    if (!session_)
      return;
    // One try each: a server that is gone must not hold us up.
    libssh2_channel_free(channel_);
    libssh2_session_disconnect(session_.get(), "bye");
    session_.reset();
    socket_.reset();
  }

private:
  error broken() const {
    return {errc::protocol,
            fmt::format("SSH connection to '{}' broke: {}", host_, reason(session_.get()))};
  }
  io::unique_fd socket_;
  session_handle session_;
  LIBSSH2_CHANNEL* channel_;
  const std::string host_;
};

/// Steps of one login.
class login_run {
public:
  explicit login_run(const login& to) : to_(to), until_(clock::now() + to.limit) {}

  /// Whether the server went away in the middle of it: another attempt may do better.
  bool lost() const {
    constexpr std::array causes = {LIBSSH2_ERROR_SOCKET_SEND, LIBSSH2_ERROR_SOCKET_DISCONNECT,
                                   LIBSSH2_ERROR_SOCKET_RECV};
    return session_ && greeted_ &&
           std::ranges::find(causes, libssh2_session_last_errno(session_.get())) != causes.end();
  }

  result<std::unique_ptr<net::transport>> run() {
    auto connected = net::connect_tcp(to_.host, to_.port, to_.keep_alive, until_);
    if (!connected)
      return error{errc::host_connect, connected.failure().message, connected.failure().hint};
    socket_ = std::move(*connected);
    notice_breaks();
    session_.reset(libssh2_session_init());
    if (!session_)
      return error{errc::memory, "no memory for an SSH session"};
    libssh2_session_set_blocking(session_.get(), 0);
    for (const auto step : {&login_run::shake_hands, &login_run::check_host,
                            &login_run::authenticate, &login_run::open_channel})
      if (auto done = (this->*step)(); !done)
        return done.failure();
    return std::unique_ptr<net::transport>(
        std::make_unique<ssh_channel>(std::move(socket_), std::move(session_), channel_, to_.host));
  }

private:
  /// A way on which nothing gets through is given up while there is time to take another one;
  /// otherwise a break would look like a server that thinks for long.
  void notice_breaks() const {
    constexpr int share = 3;
    const int limit_ms = static_cast<int>(to_.limit.count() / share);
    // What the system does not know leaves its own value.
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof(limit_ms));
  }
  template <class Call> int repeat(Call call) {
    return sftp::repeat(session_.get(), socket_.get(), until_, call);
  }
  error refused(std::string_view what, std::string hint = {}) const {
    if (lost())
      return {errc::host_connect,
              fmt::format("connection to '{}@{}:{}' broke during the login: {}", to_.user, to_.host,
                          to_.port, reason(session_.get()))};
    return {errc::service,
            fmt::format("{} '{}@{}:{}': {}", what, to_.user, to_.host, to_.port,
                        reason(session_.get())),
            std::move(hint)};
  }

  result<void> shake_hands() {
    prefer_known_key_types(session_.get(), to_);
    if (repeat([&] { return libssh2_session_handshake(session_.get(), socket_.get()); }) == 0) {
      greeted_ = true;
      return success();
    }
    return refused("SSH handshake failed with");
  }

  result<void> check_host() { return check_host_key(session_.get(), to_); }

  result<void> authenticate() {
    for (const auto& file : {to_.private_key_file, to_.public_key_file})
      if (!file.empty() && ::access(file.c_str(), R_OK) != 0)
        return system_error(errc::service, fmt::format("unable to read key file '{}'", file),
                            errno);
    const int done = repeat([&] {
      return libssh2_userauth_publickey_fromfile_ex(
          session_.get(), to_.user.data(), static_cast<unsigned>(to_.user.size()),
          to_.public_key_file.empty() ? nullptr : to_.public_key_file.c_str(),
          to_.private_key_file.c_str(), to_.passphrase.view().data());
    });
    if (done == 0)
      return success();
    auto why = why_not_let_in(done); // before anything else fails in this session
    if (to_.passphrase.view().empty() && ask_agent(session_.get(), to_, socket_.get(), until_))
      return success();
    return why;
  }

  error why_not_let_in(int code) const {
    if (code == LIBSSH2_ERROR_FILE)
      return refused(fmt::format("unable to use private key file '{}' for", to_.private_key_file),
                     "Is repo-sftp-private-key-passphrase the passphrase of this key?");
    return refused("public key authentication failed for",
                   "Is the public key among the user's authorized_keys on that host?\n"
                   "Servers since OpenSSH 8.8 refuse RSA keys that libssh2 before 1.11 signs with "
                   "SHA-1: use an Ed25519 or ECDSA key, or allow ssh-rsa in the server's "
                   "PubkeyAcceptedAlgorithms.");
  }

  result<void> open_channel() {
    const int opened = repeat([&] {
      constexpr std::string_view kind = "session";
      channel_ =
          libssh2_channel_open_ex(session_.get(), kind.data(), static_cast<unsigned>(kind.size()),
                                  receive_window_bytes, LIBSSH2_CHANNEL_PACKET_DEFAULT, nullptr, 0);
      return channel_ != nullptr ? 0 : libssh2_session_last_errno(session_.get());
    });
    if (opened != 0)
      return refused("no session was opened by");
    if (repeat([&] { return libssh2_channel_subsystem(channel_, "sftp"); }) != 0)
      return refused("SFTP is not offered by",
                     "Does sshd_config there have a line 'Subsystem sftp internal-sftp'?");
    return success();
  }

  const login& to_;
  const clock::time_point until_;
  io::unique_fd socket_;
  session_handle session_;
  LIBSSH2_CHANNEL* channel_ = nullptr; ///< of the session, freed with it
  bool greeted_ = false;               ///< it speaks SSH
};

} // namespace

result<std::unique_ptr<net::transport>> log_in(const login& to) {
  static std::once_flag once;
  std::call_once(once, [] { libssh2_init(0); });
  retry tries({.tries = 2,
               .pauses = {std::chrono::milliseconds(200), back_off::growth::linear},
               .hears_stop = false});
  while (true) {
    login_run run(to);
    auto done = run.run();
    if (done || !run.lost() || !tries.again())
      return done;
  }
}

} // namespace pgbraid::sftp
