// Operations of a session as requests to the host that holds it.
// SPDX-License-Identifier: MIT
#include "storage/driver/remote/remote_pg.hpp"

#include "engine/base/clock.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

namespace pgbraid::remote {

namespace {

using clock = monotonic;

/// The other host gives up first, so that its own words arrive.
constexpr auto grace = std::chrono::seconds(15);
constexpr auto close_limit = std::chrono::seconds(5);
/// How often it is asked whether a session still lives.
constexpr auto look_every = std::chrono::seconds(1);

class remote_session final : public pg::pg_session {
public:
  remote_session(std::shared_ptr<link::client_link> over, std::chrono::milliseconds timeout)
      : link_(std::move(over)), limit_(timeout + grace) {}
  ~remote_session() override;

  result<void> open(std::chrono::milliseconds timeout, std::string_view application_name);

  const pg::pg_server_info& server() const override { return info_; }
  result<bool> is_in_recovery() override {
    return call({.op = wire::pg_op::is_in_recovery}, &wire::pg_call_answer::flag);
  }
  result<int64_t> clock_ms() override {
    return call({.op = wire::pg_op::clock}, &wire::pg_call_answer::number);
  }
  result<std::string> current_segment() override {
    return call({.op = wire::pg_op::current_segment}, &wire::pg_call_answer::text);
  }
  result<pg::pg_backup_start> start_backup(bool fast) override {
    return call({.op = wire::pg_op::start_backup, .flag = fast}, &wire::pg_call_answer::start);
  }
  result<pg::pg_backup_stop> stop_backup() override {
    return call({.op = wire::pg_op::stop_backup}, &wire::pg_call_answer::stop);
  }
  result<void> create_restore_point(std::string_view name) override {
    return command({.op = wire::pg_op::create_restore_point, .text = std::string(name)});
  }
  result<std::string> switch_segment() override {
    return call({.op = wire::pg_op::switch_segment}, &wire::pg_call_answer::text);
  }
  result<void> checkpoint() override { return command({.op = wire::pg_op::checkpoint}); }
  result<std::optional<uint64_t>> replay_location() override {
    return call({.op = wire::pg_op::replay_location}, &wire::pg_call_answer::location);
  }
  result<std::vector<pg::pg_database>> databases() override {
    return call({.op = wire::pg_op::databases}, &wire::pg_call_answer::databases);
  }
  result<std::vector<pg::pg_tablespace>> tablespaces() override {
    return call({.op = wire::pg_op::tablespaces}, &wire::pg_call_answer::tablespaces);
  }
  int socket() const override { return -1; }
  bool is_broken() override;

private:
  result<wire::pg_call_answer> ask(wire::pg_call_request what);
  result<void> command(wire::pg_call_request what);
  template <class T> result<T> call(wire::pg_call_request what, T wire::pg_call_answer::*member);

  std::shared_ptr<link::client_link> link_;
  std::chrono::milliseconds limit_;
  std::optional<uint32_t> session_;
  pg::pg_server_info info_;
  bool broken_ = false;
  clock::time_point looked_at_ = {};
};

// The other host closes it anyway when the connection ends; until then it would hold a backup open.
remote_session::~remote_session() {
  if (session_ && !link_->failure())
    static_cast<void>(link_->ask(wire::path::pg_close,
                                 wire::encode(wire::pg_call_request{.session = *session_}), {}, 0,
                                 close_limit));
}

result<void> remote_session::open(std::chrono::milliseconds timeout,
                                  std::string_view application_name) {
  const wire::pg_open_request what{.application_name = std::string(application_name),
                                   .timeout_ms = static_cast<uint64_t>(timeout.count())};
  auto answer =
      link_->ask(wire::path::pg_open, wire::encode(what), {}, wire::body_limit_bytes, limit_);
  if (!answer)
    return answer.failure();
  auto opened = wire::decode<wire::pg_open_answer>(answer->head);
  if (!opened)
    return opened.failure();
  session_ = opened->session;
  auto info = wire::decode<pg::pg_server_info>(answer->body);
  if (!info)
    return info.failure();
  info_ = std::move(*info);
  return success();
}

result<wire::pg_call_answer> remote_session::ask(wire::pg_call_request what) {
  what.session = *session_;
  auto answer =
      link_->ask(wire::path::pg_call, wire::encode(what), {}, wire::body_limit_bytes, limit_);
  if (!answer)
    return answer.failure();
  return wire::decode<wire::pg_call_answer>(answer->body);
}

result<void> remote_session::command(wire::pg_call_request what) {
  if (auto answer = ask(std::move(what)); !answer)
    return answer.failure();
  return success();
}

template <class T>
result<T> remote_session::call(wire::pg_call_request what, T wire::pg_call_answer::*member) {
  auto answer = ask(std::move(what));
  if (!answer)
    return answer.failure();
  return std::move((*answer).*member);
}

bool remote_session::is_broken() {
  if (broken_ || link_->failure())
    return true;
  if (clock::now() - looked_at_ < look_every)
    return false;
  looked_at_ = clock::now();
  auto answer = ask({.op = wire::pg_op::is_broken});
  broken_ = !answer || answer->flag;
  return broken_;
}

} // namespace

result<pg::pg_client> connect_remote_pg(std::shared_ptr<link::remote_host> on,
                                        std::chrono::milliseconds timeout,
                                        std::string_view application_name) {
  auto session = std::make_unique<remote_session>(on->main(), timeout);
  if (auto opened = session->open(timeout, application_name); !opened)
    return opened.failure();
  return pg::pg_client(std::move(session));
}

result<std::vector<std::byte>> load_remote_control(link::remote_host& on) {
  constexpr size_t control_limit_bytes = size_t{64} << 10;
  auto answer = on.main()->ask(wire::path::pg_control, wire::encode(wire::nothing{}), {},
                               control_limit_bytes);
  if (!answer)
    return answer.failure();
  const auto bytes = as_bytes(answer->body);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

result<cipher_type> load_remote_cipher(link::remote_host& on) {
  auto answer = on.main()->ask(wire::path::repo_cipher, wire::encode(wire::nothing{}), {}, 0);
  if (!answer)
    return answer.failure();
  auto cipher = wire::decode<wire::cipher_answer>(answer->head);
  if (!cipher)
    return cipher.failure();
  return cipher->type;
}

result<remote_names> load_remote_names(link::remote_host& on, const std::set<uint32_t>& users,
                                       const std::set<uint32_t>& groups) {
  const wire::facts_request what{.users = {users.begin(), users.end()},
                                 .groups = {groups.begin(), groups.end()}};
  auto answer = on.main()->ask(wire::path::pg_facts, wire::encode(what), {}, 0);
  if (!answer)
    return answer.failure();
  auto facts = wire::decode<wire::facts_answer>(answer->head);
  if (!facts)
    return facts.failure();
  return remote_names{std::move(facts->users), std::move(facts->groups)};
}

} // namespace pgbraid::remote
