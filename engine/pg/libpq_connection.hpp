// A connection through libpq, and waiting for it no longer than somebody needs it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/pg/libpq_session.hpp"

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace pgbraid::pg {

struct free_connection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct free_result {
  void operator()(PGresult* held) const { PQclear(held); }
};
using connection_ptr = std::unique_ptr<PGconn, free_connection>;
using result_ptr = std::unique_ptr<PGresult, free_result>;

/// Before anything of libpq is called: it is loaded by the first who needs it. Fails with
/// `file_missing`.
result<void> load_libpq();

/// Without the line feed that libpq ends its texts with; empty for null.
std::string trimmed(const char* text);

/// How long a wait may take: until a deadline, or until somebody says that nobody needs it.
class patience {
public:
  patience(std::chrono::milliseconds timeout, const std::atomic<bool>* give_up)
      : deadline_(monotonic::now() + timeout), give_up_(give_up) {}

  /// Waits until the socket is ready; false when there is no more time.
  bool wait(int fd, short events) const;

private:
  monotonic::time_point deadline_;
  const std::atomic<bool>* give_up_;
};

/// Connects. Fails with `db_connect`, which tells the address, and `memory`.
/// @param give_up  as `connect_libpq`
result<connection_ptr> open_connection(const pg_address& address, std::chrono::milliseconds timeout,
                                       const std::atomic<bool>* give_up);

} // namespace pgbraid::pg
