// Maps out of a repository.
// SPDX-License-Identifier: MIT
#include "storage/repository/block_map_file.hpp"

#include "engine/codec/aes.hpp"
#include "engine/codec/whole.hpp"
#include "engine/format/repository_path.hpp"

#include <vector>

namespace pgbraid {

result<format::block_map> open_block_map(byte_view stored, const format::manifest& of,
                                         const format::manifest_file& file) {
  std::vector<std::byte> plain;
  if (!of.cipher_pass.empty()) {
    const auto decrypt = codec::make_decrypt(of.cipher_pass.view(), true);
    auto opened = codec::transform_all(*decrypt, stored, stored.size());
    if (!opened)
      return opened.failure();
    plain = std::move(*opened);
    stored = plain;
  }
  return format::parse_block_map(stored, {.file_bytes = file.size_bytes,
                                          .block_bytes = file.rare->block_size_bytes,
                                          .checksum_bytes = file.rare->block_checksum_bytes,
                                          .reference_count = of.references.size()});
}

result<format::block_map> load_block_map(storage& repo, std::string_view stanza,
                                         const format::manifest& of,
                                         const format::manifest_file& file, io::io_engine* engine) {
  const auto size = file.rare->block_map_size_bytes;
  const auto path = format::stored_file_path(stanza, of, file);
  auto opened =
      repo.open_read(path, {.offset_bytes = file.bundle_offset_bytes + file.stored_bytes() - size,
                            .limit_bytes = size,
                            .engine = engine,
                            .size_hint_bytes = size});
  if (!opened)
    return opened.failure();
  std::vector<std::byte> stored(size);
  auto got = (*opened)->read(stored);
  if (!got)
    return got.failure();
  if (*got != size)
    return error{errc::format, "'" + path + "' ends before the block map of '" +
                                   std::string(file.name) + "' does"};
  return open_block_map(stored, of, file);
}

} // namespace pgbraid
