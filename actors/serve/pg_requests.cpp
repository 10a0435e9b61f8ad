// One thread for sessions with PostgreSQL.
// SPDX-License-Identifier: MIT
#include "actors/serve/pg_requests.hpp"

#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace pgbraid::serve {

namespace {

/// Whatever the other end says, a wait for the server ends.
constexpr uint64_t timeout_max_ms = uint64_t{7} * 24 * 3600 * 1000;
constexpr size_t name_max_bytes = 256;

using wire::pg_call_answer;
using wire::pg_op;

/// Moves a value that was asked for into the answer.
template <class T, class U> result<void> keep(result<T> got, U& into) {
  if (!got)
    return got.failure();
  into = std::move(*got);
  return success();
}

result<void> ask(pg::pg_session& session, const wire::pg_call_request& what,
                 pg_call_answer& answer) {
  switch (what.op) {
  case pg_op::none:
    break;
  case pg_op::is_in_recovery:
    return keep(session.is_in_recovery(), answer.flag);
  case pg_op::clock:
    return keep(session.clock_ms(), answer.number);
  case pg_op::current_segment:
    return keep(session.current_segment(), answer.text);
  case pg_op::start_backup:
    return keep(session.start_backup(what.flag), answer.start);
  case pg_op::stop_backup:
    return keep(session.stop_backup(), answer.stop);
  case pg_op::create_restore_point:
    if (what.text.size() > name_max_bytes || what.text.find('\0') != std::string::npos)
      return error{errc::param_invalid, "the name of the restore point is not allowed"};
    return session.create_restore_point(what.text);
  case pg_op::switch_segment:
    return keep(session.switch_segment(), answer.text);
  case pg_op::checkpoint:
    return session.checkpoint();
  case pg_op::replay_location:
    return keep(session.replay_location(), answer.location);
  case pg_op::databases:
    return keep(session.databases(), answer.databases);
  case pg_op::tablespaces:
    return keep(session.tablespaces(), answer.tablespaces);
  case pg_op::is_broken:
    answer.flag = session.is_broken();
    return success();
  }
  return error{errc::protocol, "the other host did not say what to ask the server"};
}

/// Sends a JSON text as the body of the answer.
result<void> send_body(link::exchange& asked, const std::string& text) {
  if (text.size() > wire::body_limit_bytes)
    return error{errc::protocol, "what the server says is too long for an answer"};
  return asked.write(as_bytes(text));
}

error no_session() {
  return {errc::protocol, "there is no such session with PostgreSQL"};
}

} // namespace

pg_requests::~pg_requests() {
  end();
}

void pg_requests::run(std::unique_ptr<link::exchange> asked, job with) {
  const std::lock_guard guard(mutex_);
  if (ended_)
    return;
  turns_.push_back({std::move(asked), std::move(with)});
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { serve(); });
    } catch (const std::system_error&) {
      turns_.back().asked->fail({errc::memory, "no thread could be started for a request"});
      turns_.pop_back();
      return;
    }
  }
  filled_.notify_one();
}

void pg_requests::take(std::unique_ptr<link::exchange> asked, const pg::pg_address& address,
                       const std::string& pg_path) {
  const auto path = asked->path();
  if (path == wire::path::pg_open)
    return run(std::move(asked), [this, address, pg_path](link::exchange& one) {
      return open(one, address, pg_path);
    });
  if (path == wire::path::pg_call)
    return run(std::move(asked), [this](link::exchange& one) { return call(one); });
  if (path == wire::path::pg_close)
    return run(std::move(asked), [this](link::exchange& one) { return close(one); });
  asked->fail({errc::protocol, "unknown request"});
}

void pg_requests::end() {
  {
    const std::lock_guard guard(mutex_);
    ended_ = true;
    give_up_ = true;
    filled_.notify_one();
  }
  if (thread_.joinable())
    thread_.join();
  turns_.clear();
  sessions_.clear();
}

std::optional<pg_requests::turn> pg_requests::next() {
  std::unique_lock guard(mutex_);
  filled_.wait(guard, [this] { return ended_ || !turns_.empty(); });
  if (ended_)
    return {};
  std::optional<turn> taken(std::move(turns_.front()));
  turns_.pop_front();
  return taken;
}

void pg_requests::serve() {
  while (auto one = next()) {
    if (one->asked->cancelled())
      continue;
    auto done = one->with(*one->asked);
    if (done)
      done = one->asked->finish();
    if (!done)
      one->asked->fail(done.failure());
  }
}

result<void> pg_requests::open(link::exchange& asked, const pg::pg_address& address,
                               const std::string& pg_path) {
  auto what = wire::decode<wire::pg_open_request>(asked.head());
  if (!what)
    return what.failure();
  if (sessions_.size() >= sessions_max)
    return error{errc::protocol, "there are too many sessions with PostgreSQL on this connection"};
  if (what->application_name.size() > name_max_bytes ||
      what->application_name.find('\0') != std::string::npos)
    return error{errc::param_invalid, "the name of the application is not allowed"};
  const std::chrono::milliseconds timeout(
      static_cast<int64_t>(std::clamp<uint64_t>(what->timeout_ms, 1, timeout_max_ms)));
  auto opened = pg::connect_libpq(address, timeout, what->application_name, &give_up_);
  if (!opened)
    return opened.failure();
  const auto number = ++last_session_;
  auto about = (*opened)->server();
  // Only here can be seen that two names mean one directory.
  std::error_code ignored;
  if (std::filesystem::equivalent(about.data_directory, pg_path, ignored))
    about.data_directory = pg_path;
  const auto server = wire::encode(about);
  if (auto told = asked.respond(wire::encode(wire::pg_open_answer{number})); !told)
    return told;
  if (auto told = send_body(asked, server); !told)
    return told;
  // One that nobody was told of is closed at once.
  sessions_[number] = std::move(*opened);
  return success();
}

result<void> pg_requests::call(link::exchange& asked) {
  auto what = wire::decode<wire::pg_call_request>(asked.head());
  if (!what)
    return what.failure();
  const auto found = sessions_.find(what->session);
  if (found == sessions_.end())
    return no_session();
  pg_call_answer answer;
  if (auto done = ask(*found->second, *what, answer); !done)
    return done;
  return send_body(asked, wire::encode(answer));
}

result<void> pg_requests::close(link::exchange& asked) {
  auto what = wire::decode<wire::pg_call_request>(asked.head());
  if (!what)
    return what.failure();
  if (sessions_.erase(what->session) == 0)
    return no_session();
  return asked.respond("{}");
}

} // namespace pgbraid::serve
