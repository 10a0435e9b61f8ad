// A file that is written in pieces, and the proof that it holds what was written.
// SPDX-License-Identifier: MIT
#include "storage/repository/proved_file.hpp"

#include "engine/codec/stepper.hpp"

#include <utility>
#include <vector>

namespace pgbraid {

namespace {

constexpr size_t chunk_bytes = size_t{256} << 10;

write_options under_lock(write_options options) {
  options.under_lock = true;
  return options;
}

} // namespace

proved_file::proved_file(storage& to, std::string path, const write_options& options)
    : path_(std::move(path)), file_(to.open_write(path_, under_lock(options))),
      digest_(codec::digest_kernel().open()) {}

void proved_file::write(byte_view piece) {
  if (!file_ || piece.empty())
    return;
  codec::digest_kernel digest;
  auto done = codec::observe(digest, *digest_, codec::window_of(piece, false));
  if (done)
    done = (*file_)->write(piece);
  if (!done)
    file_ = done.failure();
}

result<void> proved_file::begin_commit() {
  if (!file_)
    return file_.failure();
  codec::digest_kernel digest;
  if (auto ended = codec::observe(digest, *digest_, codec::window_of({}, true)); !ended)
    return ended;
  wrote_ = {codec::digest_kernel::count(*digest_), codec::digest_kernel::value(*digest_)};
  auto begun = (*file_)->begin_commit();
  if (!begun)
    file_ = begun.failure();
  return begun;
}

result<bool> proved_file::committed(bool wait) {
  if (!file_)
    return file_.failure();
  auto done = (*file_)->committed(wait);
  if (!done)
    file_ = done.failure();
  return done;
}

result<bool> holds(storage& in, const std::string& path, const written_bytes& wrote) {
  auto from = in.open_read(path);
  if (!from)
    return from.failure();
  codec::digest_kernel digest;
  const auto stream = digest.open();
  std::vector<std::byte> chunk(chunk_bytes);
  uint64_t got_bytes = 0;
  for (bool last = false; !last;) {
    auto got = (*from)->read(chunk);
    if (!got)
      return got.failure();
    got_bytes += *got;
    last = *got < chunk.size() || got_bytes > wrote.size_bytes;
    const auto piece = codec::window_of(byte_view(chunk).first(*got), last);
    if (auto seen = codec::observe(digest, *stream, piece); !seen)
      return seen.failure();
  }
  return got_bytes == wrote.size_bytes && codec::digest_kernel::value(*stream) == wrote.checksum;
}

} // namespace pgbraid
