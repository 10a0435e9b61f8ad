// Maps before and after a file is copied.
// SPDX-License-Identifier: MIT
#include "actors/backup/block_copy.hpp"

#include "engine/base/log.hpp"
#include "engine/codec/aes.hpp"
#include "engine/codec/stepper.hpp"
#include "engine/codec/whole.hpp"
#include "engine/format/info_value.hpp"
#include "storage/repository/block_map_file.hpp"

#include <utility>

namespace pgbraid {

namespace {

bool is_lost(const error& what) {
  return what.code == errc::format || what.code == errc::crypto || what.code == errc::file_missing;
}

} // namespace

block_copy::block_copy(plan::block_delta delta)
    : delta_(std::move(delta)), stored_(digest_.open()) {}

void block_copy::see_stored(byte_view bytes) {
  // A digest never fails.
  [[maybe_unused]] const auto seen =
      codec::observe(digest_, *stored_, codec::window_of(bytes, false));
}

result<std::vector<std::byte>> block_copy::seal_map(const block_place& at, const secret& pass) {
  auto map = delta_.take_map();
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

result<std::shared_ptr<block_copy>> begin_blocks(repository& repo, const block_wish& wish,
                                                 uint32_t reference, const format::manifest* prior,
                                                 io::io_engine* engine) {
  std::optional<format::block_map> map;
  if (wish.before != nullptr) {
    auto loaded = load_block_map(repo.files(), repo.stanza(), *prior, *wish.before, engine);
    if (!loaded && !is_lost(loaded.failure()))
      return loaded.failure();
    if (loaded)
      map = std::move(*loaded);
    else
      log::warn("all blocks of '{}' are stored anew, since those of backup {} cannot be used: {}",
                format::printable(wish.before->name), prior->holder(*wish.before),
                loaded.failure().message);
  }
  return std::make_shared<block_copy>(
      plan::block_delta(wish.block_bytes, wish.checksum_bytes, reference, std::move(map)));
}

} // namespace pgbraid
