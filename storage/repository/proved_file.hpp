// A file that is written in pieces, and the proof that it holds what was written.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/codec/digest.hpp"
#include "engine/io/stream.hpp"
#include "storage/storage.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace pgbraid {

/// What a file is to hold.
struct written_bytes {
  uint64_t size_bytes = 0;
  codec::sha1_digest checksum = {};
};

/// A file on its way; it is written `under_lock`. Once something has failed nothing more is
/// written, and `begin_commit` tells it. Destroyed before that, it leaves nothing behind.
class proved_file {
public:
  proved_file(storage& to, std::string path, const write_options& options);

  void write(byte_view piece);
  /// All was written.
  result<void> begin_commit();
  /// As of `io::writer`.
  result<bool> committed(bool wait);

  const std::string& path() const { return path_; }
  /// After `begin_commit`.
  const written_bytes& wrote() const { return wrote_; }

private:
  std::string path_;
  result<std::unique_ptr<io::writer>> file_;
  std::unique_ptr<codec::stream> digest_;
  written_bytes wrote_ = {};
};

/// Whether a file holds just that. No more of it is read than a byte beyond its size.
result<bool> holds(storage& in, const std::string& path, const written_bytes& wrote);

} // namespace pgbraid
