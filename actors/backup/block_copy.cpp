// Maps before and after a file is copied.
// SPDX-License-Identifier: MIT
#include "actors/backup/block_copy.hpp"

#include "engine/base/log.hpp"
#include "engine/codec/aes.hpp"
#include "engine/codec/stepper.hpp"
#include "engine/codec/whole.hpp"
#include "engine/format/info_value.hpp"
#include "engine/plan/block_notes.hpp"
#include "storage/repository/block_map_file.hpp"

#include <utility>

namespace pgbraid {

namespace {

bool is_lost(const error& what) {
  return what.code == errc::format || what.code == errc::crypto || what.code == errc::file_missing;
}

} // namespace

result<void> block_copy::begin(io::io_engine* engine) {
  if (delta_)
    return success();
  std::optional<format::block_map> map;
  if (how_.before != nullptr) {
    auto loaded = load_block_map(repo_.files(), repo_.stanza(), *prior_, *how_.before, engine);
    if (!loaded && !is_lost(loaded.failure()))
      return loaded.failure();
    if (loaded)
      map = std::move(*loaded);
    else
      log::warn("all blocks of '{}' are stored anew, since those of backup {} cannot be used: {}",
                format::printable(how_.before->name), prior_->holder(*how_.before),
                loaded.failure().message);
  }
  delta_.emplace(how_.block_bytes, how_.checksum_bytes, reference_, std::move(map));
  stored_ = digest_.open();
  return success();
}

void block_copy::end() {
  delta_.reset();
  stored_.reset();
}

result<void> block_copy::follow(byte_view notes, uint64_t file_bytes, uint64_t stored_bytes) {
  return plan::follow_notes(
      notes,
      {.file_bytes = file_bytes, .super_bytes = how_.super_bytes, .stored_bytes = stored_bytes},
      *delta_);
}

void block_copy::see_stored(byte_view bytes) {
  // A digest never fails.
  [[maybe_unused]] const auto seen =
      codec::observe(digest_, *stored_, codec::window_of(bytes, false));
}

void block_copy::begin_again() {
  stored_ = digest_.open();
}

result<std::vector<std::byte>> block_copy::seal_map(const block_place& at, const secret& pass) {
  auto map = delta_->take_map();
  plan::place_blocks(map, at.reference, at.bundle_id, at.offset_bytes);
  auto text = format::render(map);
  if (pass.empty())
    return text;
  const auto encrypt = codec::make_encrypt(pass.view(), {.raw = true});
  return codec::transform_all(*encrypt, text, codec::encrypted_size(text.size(), true));
}

codec::sha1_digest block_copy::stored_checksum() {
  [[maybe_unused]] const auto seen = codec::observe(digest_, *stored_, codec::window_of({}, true));
  return codec::digest_kernel::value(*stored_);
}

} // namespace pgbraid
