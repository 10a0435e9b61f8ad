// What is known of blocks without reading their maps.
// SPDX-License-Identifier: MIT
#include "engine/plan/block_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace pgbraid::plan {

namespace {

/// Enough for some 20 million blocks; the peer's tables give files of 1 TiB 12 million.
constexpr uint64_t block_map_limit_bytes = uint64_t{256} << 20;

bool stores_otherwise(std::string_view version) {
  return version == "2.44" || version == "2.45";
}

error other_blocks(const format::manifest& of, std::string_view label, std::string_view version) {
  return {
      errc::feature_not_supported,
      fmt::format("backup {} has files in blocks that pgBackRest {} wrote for {}, in another "
                  "way than all later releases",
                  of.label, version, label),
      fmt::format("Nothing was changed. Restore it with pgBackRest {}, or choose another backup "
                  "with --set.",
                  version)};
}

} // namespace

result<void> check_blocks(const format::manifest& of, const format::backup_info& listed) {
  bool any = false;
  for (const auto& file : of.files) {
    if (!file.is_block_incremental())
      continue;
    any = true;
    if (file.rare->block_size_bytes == 0 || file.rare->block_map_size_bytes > file.stored_bytes() ||
        file.rare->block_map_size_bytes > block_map_limit_bytes)
      return error{errc::format,
                   fmt::format("backup {} tells of a block map of file '{}' that "
                               "cannot be: {} of {} stored bytes, blocks of {} bytes",
                               of.label, file.name, file.rare->block_map_size_bytes,
                               file.stored_bytes(), file.rare->block_size_bytes),
                   "Nothing was changed."};
  }
  if (!any)
    return success();
  if (stores_otherwise(of.writer_version))
    return other_blocks(of, of.label, of.writer_version);
  for (const auto& label : of.references)
    if (const auto* const backup = listed.find(label);
        backup != nullptr && backup->map_size_bytes && stores_otherwise(backup->writer_version))
      return other_blocks(of, label, backup->writer_version);
  return success();
}

} // namespace pgbraid::plan
