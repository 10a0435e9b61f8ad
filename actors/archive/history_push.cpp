// Stores timeline and backup history.
// SPDX-License-Identifier: MIT
#include "actors/archive/segment_push.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/codec/digest.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/format/timeline_history.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace pgbraid {

namespace {

void warn_if_replaced(const push_request& wanted, const std::string& name, const std::string& path,
                      std::string_view content, push_target& target) {
  auto stored = read_all(target.repo->files(), path, format::stored_history_limit_bytes);
  if (!stored && stored.failure().code == errc::file_missing)
    return;
  if (stored && target.repo->encrypted()) {
    const auto plain = codec::decrypt_all(as_bytes(*stored), target.pass.view());
    if (plain && as_text(*plain) == content)
      return;
  } else if (stored && *stored == content) {
    return;
  }
  wanted.warn(fmt::format(
      "WAL file '{}' already exists in the {} archive with different content and is replaced", name,
      target.repo->name()));
}

result<void> store_in(const push_request& wanted, const std::string& name,
                      const std::string& content, push_target& target) {
  const polled_signals polling;
  const auto path = format::wal_history_path(target.repo->stanza(), target.archive_id, name);
  warn_if_replaced(wanted, name, path, content, target);
  if (!target.repo->encrypted())
    return write_all(target.repo->files(), path, content);
  auto sealed = codec::encrypt_all(as_bytes(content), target.pass.view());
  if (!sealed)
    return sealed.failure();
  return write_all(target.repo->files(), path, as_text(*sealed));
}

} // namespace

result<void> store_history(const push_request& wanted, storage& from, const wal_location& wal,
                           std::span<push_target* const> to, repository_errors& failed) {
  auto content = read_all(from, wal.source(), format::history_limit_bytes);
  if (!content)
    return content.failure();
  if (auto right = check_checksum(wanted, to_hex(codec::sha1_of(as_bytes(*content)))); !right)
    return right;
  for (auto* target : to) {
    if (auto stored = store_in(wanted, wal.name, *content, *target); !stored)
      failed.add(target->repo->key(), stored.failure());
  }
  return success();
}

} // namespace pgbraid
