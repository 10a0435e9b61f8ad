// Compression options as values.
// SPDX-License-Identifier: MIT
#include "cli/open/compression.hpp"

namespace pgbraid::cli {

compression compression_of(const config::options& opts) {
  const auto& gz = opts.text("gz-engine");
  return {.type = *parse_compress_type(opts.text("compress-type")),
          .level = static_cast<int>(opts.integer("compress-level")),
          .gz = gz == "zlib"   ? codec::gz_engine::zlib
                : gz == "isal" ? codec::gz_engine::isal
                               : codec::gz_engine::automatic};
}

} // namespace pgbraid::cli
