// What PostgreSQL's archiver says.
// SPDX-License-Identifier: MIT
#include "actors/stanza/archiver_watch.hpp"

#include "engine/base/log.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace pgbraid {

archiver_watch::archiver_watch(const open_cluster& primary)
    : command_(primary.client.server().archive_library.empty()
                   ? primary.client.server().archive_command
                   : primary.client.server().archive_library),
      session_(primary.place->observer()) {
  if (!session_)
    return;
  if (auto now = pg::ask_archiver(*session_); now)
    began_ = std::move(*now);
  if (began_ && began_->failing)
    log::warn("PostgreSQL could not archive WAL segment {} ({} failed tries, the last one at {})",
              began_->last_failed_segment, began_->failed, began_->last_failed_at);
}

result<void> archiver_watch::look() const {
  constexpr uint64_t tries = 2;
  if (!began_)
    return success();
  const auto now = pg::ask_archiver(*session_);
  if (!now)
    return now.failure();
  if (!now->failing || now->failed < began_->failed + tries || now->archived > began_->archived)
    return success();
  return error{errc::archive_timeout,
               fmt::format("PostgreSQL cannot archive WAL segment {}: {} tries failed, the last "
                           "one at {}",
                           now->last_failed_segment, now->failed - began_->failed,
                           now->last_failed_at),
               fmt::format("The server log tells what '{}' said.", command_)};
}

} // namespace pgbraid
