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

class remote_session final : public io::pg_session {
public:
  remote_session(std::shared_ptr<link::client_link> over, std::chrono::milliseconds timeout)
      : link_(std::move(over)), limit_(timeout + grace) {}
  ~remote_session() override;

  result<void> open(std::chrono::milliseconds timeout, std::string_view application_name);

  const io::pg_server_info& server() const override { return info_; }
  result<bool> is_in_recovery() override {
    return call({.op = pg_op::is_in_recovery}, &pg_call_answer::flag);
  }
  result<int64_t> clock_ms() override {
    return call({.op = pg_op::clock}, &pg_call_answer::number);
  }
  result<std::string> current_segment() override {
    return call({.op = pg_op::current_segment}, &pg_call_answer::text);
  }
  result<io::pg_backup_start> start_backup(bool fast) override {
    return call({.op = pg_op::start_backup, .flag = fast}, &pg_call_answer::start);
  }
  result<io::pg_backup_stop> stop_backup() override {
    return call({.op = pg_op::stop_backup}, &pg_call_answer::stop);
  }
  result<void> create_restore_point(std::string_view name) override {
    return command({.op = pg_op::create_restore_point, .text = std::string(name)});
  }
  result<std::string> switch_segment() override {
    return call({.op = pg_op::switch_segment}, &pg_call_answer::text);
  }
  result<void> checkpoint() override { return command({.op = pg_op::checkpoint}); }
  result<std::optional<uint64_t>> replay_location() override {
    return call({.op = pg_op::replay_location}, &pg_call_answer::location);
  }
  result<std::vector<io::pg_database>> databases() override {
    return call({.op = pg_op::databases}, &pg_call_answer::databases);
  }
  result<std::vector<io::pg_tablespace>> tablespaces() override {
    return call({.op = pg_op::tablespaces}, &pg_call_answer::tablespaces);
  }
  int socket() const override { return -1; }
  bool is_broken() override;

private:
  result<pg_call_answer> ask(pg_call_request what);
  result<void> command(pg_call_request what);
  template <class T> result<T> call(pg_call_request what, T pg_call_answer::*member);

  std::shared_ptr<link::client_link> link_;
  std::chrono::milliseconds limit_;
  std::optional<uint32_t> session_;
  io::pg_server_info info_;
  bool broken_ = false;
  clock::time_point looked_at_ = {};
};

// The other host closes it anyway when the connection ends; until then it would hold a backup open.
remote_session::~remote_session() {
  if (session_ && !link_->failure())
    static_cast<void>(link_->ask(path::pg_close, encode(pg_call_request{.session = *session_}), {},
                                 0, close_limit));
}

result<void> remote_session::open(std::chrono::milliseconds timeout,
                                  std::string_view application_name) {
  const pg_open_request what{.application_name = std::string(application_name),
                             .timeout_ms = static_cast<uint64_t>(timeout.count())};
  auto answer = link_->ask(path::pg_open, encode(what), {}, body_limit_bytes, limit_);
  if (!answer)
    return answer.failure();
  auto opened = decode<pg_open_answer>(answer->head);
  if (!opened)
    return opened.failure();
  session_ = opened->session;
  auto info = decode<io::pg_server_info>(answer->body);
  if (!info)
    return info.failure();
  info_ = std::move(*info);
  return success();
}

result<pg_call_answer> remote_session::ask(pg_call_request what) {
  what.session = *session_;
  auto answer = link_->ask(path::pg_call, encode(what), {}, body_limit_bytes, limit_);
  if (!answer)
    return answer.failure();
  return decode<pg_call_answer>(answer->body);
}

result<void> remote_session::command(pg_call_request what) {
  if (auto answer = ask(std::move(what)); !answer)
    return answer.failure();
  return success();
}

template <class T> result<T> remote_session::call(pg_call_request what, T pg_call_answer::*member) {
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
  auto answer = ask({.op = pg_op::is_broken});
  broken_ = !answer || answer->flag;
  return broken_;
}

} // namespace

result<io::pg_client> connect_remote_pg(std::shared_ptr<remote_host> on,
                                        std::chrono::milliseconds timeout,
                                        std::string_view application_name) {
  auto session = std::make_unique<remote_session>(on->main(), timeout);
  if (auto opened = session->open(timeout, application_name); !opened)
    return opened.failure();
  return io::pg_client(std::move(session));
}

result<std::vector<std::byte>> load_remote_control(remote_host& on) {
  constexpr size_t control_limit_bytes = size_t{64} << 10;
  auto answer = on.main()->ask(path::pg_control, encode(nothing{}), {}, control_limit_bytes);
  if (!answer)
    return answer.failure();
  const auto bytes = as_bytes(answer->body);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

result<cipher_type> load_remote_cipher(remote_host& on) {
  auto answer = on.main()->ask(path::repo_cipher, encode(nothing{}), {}, 0);
  if (!answer)
    return answer.failure();
  auto cipher = decode<cipher_answer>(answer->head);
  if (!cipher)
    return cipher.failure();
  return cipher->type;
}

result<remote_names> load_remote_names(remote_host& on, const std::set<uint32_t>& users,
                                       const std::set<uint32_t>& groups) {
  const facts_request what{.users = {users.begin(), users.end()},
                           .groups = {groups.begin(), groups.end()}};
  auto answer = on.main()->ask(path::pg_facts, encode(what), {}, 0);
  if (!answer)
    return answer.failure();
  auto facts = decode<facts_answer>(answer->head);
  if (!facts)
    return facts.failure();
  return remote_names{std::move(facts->users), std::move(facts->groups)};
}

} // namespace pgbraid::remote
