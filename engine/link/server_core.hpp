// The session of a serving end.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/server_link.hpp"
#include "engine/link/session.hpp"

#include <deque>

namespace pgbraid::link {

class server_core final : public session, public std::enable_shared_from_this<server_core> {
public:
  server_core(std::unique_ptr<net::transport> over, settings with, std::function<void()> woken)
      : session(side::server, std::move(over), std::move(with)), woken_(std::move(woken)) {}

  std::unique_ptr<exchange> next(std::chrono::milliseconds wait);
  bool ended() const;
  void refuse_more();

  result<void> respond(int64_t number, std::string_view head);
  result<void> write_body(int64_t number, byte_view in);
  result<void> finish(int64_t number, std::string_view trailer);
  void fail(int64_t number, const error& what);
  bool cancelled(int64_t number) const;
  void keep(int64_t number, std::shared_ptr<void> what);
  void abandon(int64_t number);

private:
  void headers_came(stream& on) override;
  void stream_closed(stream& of, uint32_t code) override;
  void submit(stream& of) override;
  void session_changed() override;
  void tell_news() override;
  void begin(stream& of, std::string_view head);
  void refuse(stream& of, const error& why);

  const std::function<void()> woken_;
  /// That nobody has taken yet; no more than streams may be open.
  std::deque<int64_t> requests_;
  std::condition_variable requests_changed_;
};

} // namespace pgbraid::link
