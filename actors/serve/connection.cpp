// Serving one connection: admission first, then requests to those who answer them.
// SPDX-License-Identifier: MIT
#include "actors/serve/exchange_work.hpp"
#include "actors/serve/file_work.hpp"
#include "actors/serve/host_work.hpp"
#include "actors/serve/pg_requests.hpp"
#include "actors/serve/served_roots.hpp"
#include "actors/serve/service.hpp"
#include "actors/serve/storage_work.hpp"
#include "actors/serve/work_pool.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/base/version.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

namespace pgbraid::serve {

namespace {

/// Wakes the thread that deals requests out. Rung from the link's thread, so it holds no other
/// lock.
class bell {
public:
  void ring() {
    const std::lock_guard guard(mutex_);
    rung_ = true;
    heard_.notify_one();
  }
  void wait(std::chrono::milliseconds longest) {
    std::unique_lock guard(mutex_);
    wait_until(heard_, guard, monotonic::now() + longest, [this] { return rung_; });
    rung_ = false;
  }

private:
  std::mutex mutex_;
  std::condition_variable heard_;
  bool rung_ = false;
};

class connection {
public:
  using clock = monotonic;

  connection(std::unique_ptr<net::transport> over, link::settings with, const doorkeeper& admit,
             copy_runner& copies)
      : admit_(admit), copies_(copies), greeted_by_(clock::now() + with.silence_limit),
        link_(std::move(over), std::move(with), [this] { woken_.ring(); }) {}

  result<void> serve();

private:
  /// What was said of the greeting so far.
  enum class stage : uint8_t { silent, asked, admitted, refused, left };

  void deal_out();
  void deal(std::unique_ptr<link::exchange> asked);
  void deal_admitted(std::unique_ptr<link::exchange> asked);
  void leave(std::unique_ptr<link::exchange> asked);
  result<void> greet(link::exchange& asked);
  result<uint32_t> agree(const wire::hello& said) const;
  bool waits_in_vain() const;
  void end(const error& why);

  const doorkeeper& admit_;
  copy_runner& copies_;
  const clock::time_point greeted_by_;
  bell woken_;
  std::atomic<stage> stage_ = stage::silent;
  /// Written before stage_ says so, then only read; what it keeps goes when the other end leaves.
  admission admitted_;
  const std::shared_ptr<memory_budget> memory_ = std::make_shared<memory_budget>();
  link::server_link link_;
  pg_requests desk_;
  work_pool pool_{memory_};
};

result<uint32_t> connection::agree(const wire::hello& said) const {
  const auto highest = std::min(said.version_max, wire::version_max);
  if (highest >= std::max(said.version_min, wire::version_min))
    return highest;
  return error{errc::protocol,
               fmt::format("the other host speaks versions {} to {} of the protocol, this one {} "
                           "to {}",
                           said.version_min, said.version_max, wire::version_min,
                           wire::version_max),
               "Both hosts need versions of pgbraid that are not too far apart."};
}

result<void> connection::greet(link::exchange& asked) {
  auto said = wire::decode<wire::hello>(asked.head());
  if (!said)
    return said.failure();
  auto version = agree(*said);
  if (!version)
    return version.failure();
  auto let_in =
      admit_({said->version_min, said->version_max, said->program, said->args, said->locks});
  if (!let_in)
    return let_in.failure();
  admitted_ = std::move(*let_in);
  admitted_.may.roots = std::make_shared<served_roots>(admitted_.may);
  admitted_.may.memory = memory_;
  stage_ = stage::admitted;
  return asked.respond(wire::encode(wire::hello_answer{
      *version, "pgbraid " + std::string(version_text), {"storage", "pg", "copy"}}));
}

void connection::deal(std::unique_ptr<link::exchange> asked) {
  const auto now = stage_.load();
  const bool hello = asked->path() == wire::path::hello;
  if (now == stage::silent && hello) {
    stage_ = stage::asked;
    desk_.run(std::move(asked), [this](link::exchange& one) {
      auto done = greet(one);
      if (stage_ != stage::admitted)
        stage_ = stage::refused;
      return done;
    });
  } else if (now == stage::left) {
    asked->fail({errc::protocol, "nothing is served to who has left"});
  } else if (now != stage::admitted) {
    asked->fail({errc::protocol, "a connection begins with one greeting that is accepted"});
  } else if (hello) {
    asked->fail({errc::protocol, "the greeting was said already"});
  } else {
    deal_admitted(std::move(asked));
  }
}

void connection::deal_admitted(std::unique_ptr<link::exchange> asked) {
  const std::string_view path = asked->path();
  const auto& may = admitted_.may;
  if (path == wire::path::leave)
    return leave(std::move(asked));
  if (path == wire::path::storage_settle)
    return pool_.add_after_cancelled(std::make_unique<quick_work>(
        std::move(asked), [](link::exchange& one) { return one.respond("{}"); }));
  if (path.starts_with("/v1/storage/"))
    return pool_.add(make_storage_work(std::move(asked), may.roots));
  if (path.starts_with("/v1/copy/"))
    return copies_.take(std::move(asked), may);
  if (auto host = make_host_work(asked, may))
    return pool_.add(std::move(host));
  if (auto info = make_info_work(asked, may.roots, may.passphrase))
    return pool_.add(std::move(info));
  if (path.starts_with("/v1/pg/") && may.pg_path.empty())
    return asked->fail({errc::access, "access to 'pg' denied: no cluster is served"});
  if (path.starts_with("/v1/pg/"))
    return desk_.take(std::move(asked), may.pg, may.pg_path);
  asked->fail({errc::protocol, "unknown request"});
}

/// The other end has done with its locks, and waits for that: its next command may take them on
/// another connection before the end of this one is noticed. Work that it cancelled comes first.
void connection::leave(std::unique_ptr<link::exchange> asked) {
  stage_ = stage::left;
  pool_.add_after_cancelled(
      std::make_unique<quick_work>(std::move(asked), [this](link::exchange& one) {
        admitted_.keep.reset();
        return one.respond("{}");
      }));
}

void connection::deal_out() {
  while (auto asked = link_.next(std::chrono::milliseconds(0)))
    deal(std::move(asked));
  pool_.look();
  copies_.look();
}

/// Pings keep a link alive for ever; who is not let in must not keep a place that way.
bool connection::waits_in_vain() const {
  const auto now = stage_.load();
  return (now == stage::silent || now == stage::refused) && clock::now() > greeted_by_;
}

void connection::end(const error& why) {
  link_.refuse_more();
  pool_.end(why);
  desk_.end();
  copies_.end();
}

result<void> connection::serve() {
  constexpr auto signal_is_noticed_within = std::chrono::milliseconds(250);
  while (!link_.ended() && stop_signal == 0) {
    woken_.wait(signal_is_noticed_within);
    deal_out();
    if (waits_in_vain()) {
      const error why{errc::protocol, "no greeting came that is accepted"};
      end(why);
      return why;
    }
  }
  if (stop_signal != 0) {
    const error why{errc::term, fmt::format("terminated on signal {}", stop_signal.load())};
    end(why);
    return why;
  }
  end({errc::protocol, "the connection ended"});
  if (auto broken = link_.failure())
    return *broken;
  return success();
}

} // namespace

result<void> serve_connection(std::unique_ptr<net::transport> over, link::settings with,
                              const doorkeeper& admit, copy_runner& copies) {
  // What was begun for the other end is cleaned up first.
  const polled_signals polled;
  return connection(std::move(over), std::move(with), admit, copies).serve();
}

} // namespace pgbraid::serve
