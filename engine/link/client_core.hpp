// The session of an asking end.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/session.hpp"

namespace pgbraid::link {

class client_core final : public session {
public:
  client_core(std::unique_ptr<net::transport> over, settings with)
      : session(side::client, std::move(over), std::move(with)) {}

  /// @param body   what is known of it; `whole` says that there is no more
  result<int64_t> open(std::string_view path, std::string_view head, byte_view body, bool whole,
                       std::chrono::milliseconds limit);
  result<void> end_write(int64_t number);
  result<std::string> head(int64_t number);
  result<std::string> trailer(int64_t number);
  bool has_ended(int64_t number);
  void abandon(int64_t number);
  /// Failed, or sent away by the other end.
  std::optional<error> useless() const;

private:
  void headers_came(stream& on) override;
  void stream_closed(stream& of, uint32_t code) override;
  void submit(stream& of) override;
  std::optional<error> bad_end(const stream& of) const override;
  std::optional<error> refusal(const stream& of) const override;
  void session_changed() override { room_for_more_.notify_all(); }
  std::optional<error> why_not_open() const;

  std::condition_variable room_for_more_;
};

} // namespace pgbraid::link
